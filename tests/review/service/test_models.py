from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from core.database.engine import reading
from core.model import registry
from core.questions.requests import retag
from review.service import retag_counts
from review.service.models import CHOICES, list_rows
from review.service.retag_counts import count_retags
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
    recent = timedelta(days=30)
    with reading(engine) as connection:
        found = count_retags(connection, "stats", since=clock.now() - recent)
    counts = found.counts
    assert counts == {"pending": 2, "recent": 1, "all": 3, "none": 0}
    assert not found.estimates
    for which in CHOICES:
        with engine.connect() as connection, connection.begin() as transaction:
            registry.lock(connection, "stats")
            done = retag(connection, "stats", which, now=clock.now(), recent=recent)
            assert done == counts[which]
            transaction.rollback()


def test_of_a_large_site_a_sample_tells_what_would_be_tagged_again(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 400 questions every second is requested and claimed; of 100 others, all."""
    monkeypatch.setattr(retag_counts, "LARGE", 50)
    monkeypatch.setattr(retag_counts, "SAMPLE", 200)
    monkeypatch.setattr(retag_counts, "FEW", 50)
    days = [timedelta(days=99 if number > 10 else 1) for number in range(400)]
    some = [question(n, created_at=clock.now() - ago) for n, ago in enumerate(days)]
    store_questions(engine, *some[::2], now=clock.now())
    store_questions(engine, *some[1::2], now=clock.now(), request_tagging=False)
    others = [question(number, site="cooking") for number in range(100)]
    store_questions(engine, *others, now=clock.now())
    with engine.begin() as connection:
        connection.execute(text("UPDATE tagging_requests SET attempts = 1"))
        found = count_retags(connection, "stats", since=clock.now() - timedelta(days=7))
        monkeypatch.setattr(retag_counts, "LARGE", 5)
        many = count_retags(connection, "stats", since=clock.now() - timedelta(days=200))
        monkeypatch.setattr(retag_counts, "FEW", 150)
        unsure = count_retags(connection, "stats", since=clock.now() - timedelta(days=200))
    assert found.estimates == {"pending", "all"}
    assert found.counts["recent"] == 6  # counted: they are few
    assert found.counts["all"] == found.counts["pending"] == pytest.approx(200, rel=0.1)
    assert found.counts["none"] == 0
    assert many.estimates == {"pending", "recent", "all"}
    assert many.counts["recent"] == pytest.approx(200, rel=0.1)
    assert (unsure.estimates, unsure.bounds) == (frozenset(), many.estimates)
    assert unsure.told("all") == "at most 200"  # of all that is tagged or claimed


def test_few_tagged_ones_of_a_large_site_are_counted(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a dump is imported, and the live feed alone is tagged."""
    monkeypatch.setattr(retag_counts, "LARGE", 50)
    some = [question(number, created_at=clock.now()) for number in range(200)]
    store_questions(engine, *some[120:], now=clock.now(), request_tagging=False)
    store_questions(engine, *some[:120], now=clock.now())
    with engine.begin() as connection:  # the others are pending, and nobody has them in hand
        connection.execute(
            text("UPDATE tagging_requests SET attempts = 1 WHERE question_pk % 3 = 0")
        )
        found = count_retags(connection, "stats", since=clock.now() - timedelta(days=7))
    assert found.counts == {"pending": 40, "recent": 40, "all": 40, "none": 0}
    assert not found.estimates | found.bounds
    assert found.told("all") == "40"


def test_recent_ones_of_a_large_site_are_counted_while_they_are_few(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of 100 are dated, two undated ones may be as new; a sixth makes them many."""
    monkeypatch.setattr(retag_counts, "LARGE", 5)
    old = clock.now() - timedelta(days=99)
    some = [question(number, created_at=old) for number in range(95)]
    some += [question(number, created_at=clock.now()) for number in range(95, 98)]
    some += [question(number, created_at=None) for number in (98, 99)]
    store_questions(engine, *some, now=clock.now())
    with engine.begin() as connection:
        connection.execute(text("UPDATE tagging_requests SET attempts = 1"))
    since = clock.now() - timedelta(days=7)
    with reading(engine) as connection:
        few = count_retags(connection, "stats", since=since)
    store_questions(engine, question(100, created_at=None), now=clock.now())
    with reading(engine) as connection:
        many = count_retags(connection, "stats", since=since)
    assert (few.counts["recent"], "recent" in few.estimates | few.bounds) == (5, False)
    assert "recent" in many.estimates | many.bounds
