from datetime import timedelta

from sqlalchemy import Engine

from core.database.engine import reading
from core.model import registry
from core.questions.requests import retag
from core.settings import Settings
from review.service.models import CHOICES, count_choices, list_rows
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.review.decisions.asking import act
from tests.rows import live_models, publish, publish_live, question, store_questions
from worker.tagging import tag_batch


def test_versions_tell_when_they_were_live_and_which_a_rollback_goes_to(
    engine: Engine, clock: ManualClock
) -> None:
    for fingerprint in ("1", "2"):
        publish_live(engine, word_bundle(data_fingerprint=fingerprint), now=clock.now())
        clock.sleep(60)
    with engine.begin() as connection:
        publish(connection, word_bundle(data_fingerprint="3"), now=clock.now())
        third, second, first = list_rows(connection, "stats")
    assert [third.can_go_live, second.can_go_live, first.can_go_live] == [True, False, True]
    assert (first.is_previous, second.is_previous, third.is_previous) == (True, False, False)
    assert (third.times, second.times[0].until) == ((), None)
    assert first.times[0].until == second.times[0].at


def test_what_would_be_tagged_again_is_what_a_promotion_asks_for(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    old = [question(n, created_at=clock.now() - timedelta(days=99)) for n in (1, 2)]
    new = question(3, created_at=clock.now())
    stored = store_questions(engine, *old, new, now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    store_questions(engine, question(4), now=clock.now(), request_tagging=False)
    act(engine, clock, 1, verdicts={"r": "added"})
    settings = Settings(retag_days=30)
    with reading(engine) as connection:
        counts = count_choices(connection, "stats", settings, now=clock.now())
    assert counts == {"pending": 2, "recent": 1, "all": 3, "none": 0}
    recent = timedelta(days=settings.retag_days)
    for which in CHOICES:
        with engine.connect() as connection, connection.begin() as transaction:
            registry.lock(connection, "stats")
            done = retag(connection, "stats", which, now=clock.now(), recent=recent)
            assert done == counts[which]
            transaction.rollback()
