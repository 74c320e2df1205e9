from sqlalchemy import Engine, update

from core.database.engine import reading
from core.database.review_tables import OutgoingEvent
from review.decisions.save import Asked, Decision, save, skip
from review.metrics.people import of_people
from review.notify.outbox import fill_outbox
from review.notify.webhooks import NEVER
from tests.conftest import ManualClock
from tests.review.notify.receiver import add, outbox
from tests.review.rows import predict_rows


def test_events_are_counted_by_what_has_become_of_them(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {99: {"r": 0.9}}, now=clock.now())
    clock.sleep(1)
    add(engine, clock)
    predict_rows(engine, {number: {"r": 0.9} for number in range(1, 7)}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    delivered, failed, tried = (one.id for one in outbox(engine)[:3])
    fates: dict[int, dict[str, object]] = {
        delivered: {"delivered_at": clock.now(), "attempts": 2},
        failed: {"next_try_at": NEVER, "attempts": 14},
        tried: {"attempts": 1},
    }
    with engine.begin() as connection:
        for key, values in fates.items():
            event = update(OutgoingEvent).where(OutgoingEvent.id == key)
            connection.execute(event.values(**values))
    with reading(engine) as connection:
        samples = list(of_people(connection, [], now=clock.now()))
    found = {one.name.removeprefix("tagger_outgoing_events_"): one.value for one in samples}
    assert found == {"waiting": 4, "failing": 1, "failed": 1}


def test_verdicts_stand_and_reviews_are_those_of_a_day(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {1: {"r": 0.9}, 2: {"r": 0.9}, 3: {"r": 0.9}}, now=clock.now())
    with engine.begin() as connection:
        first = Asked("ann", "1", "stats", 1, clock.now())
        save(connection, first, Decision(verdicts={"r": "accepted", "anova": "added"}))
        clock.sleep(86_400)
        second = Asked("ann", "2", "stats", 2, clock.now())
        save(connection, second, Decision(verdicts={"r": "accepted"}))
        skip(connection, Asked("ann", "3", "stats", 3, clock.now()))  # which is no review
        samples = list(of_people(connection, ["stats"], now=clock.now()))
    found = {(one.name, *one.labels): one.value for one in samples}
    counts = {"accepted": 2, "rejected": 0, "added": 1}
    assert {name: found["tagger_verdicts", "stats", name] for name in counts} == counts
    assert found["tagger_reviews_last_day", "stats"] == 1
