import re
from typing import Any

from sqlalchemy import Engine, event, text, update

from core.database.engine import reading
from core.database.review_tables import OutgoingEvent
from review.decisions.save import Asked, Decision, save, skip
from review.metrics.families import Sample
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


def test_the_queue_is_counted_without_what_is_gone(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {number: {"r": 0.9} for number in range(1, 6)}, now=clock.now())
    with engine.begin() as connection:
        of_number = "question_pk IN (SELECT id FROM questions WHERE question_id IN ({}))"
        for change, numbers in (
            ("uncertainty = 0.5", "2, 3, 4, 5"),
            ("conflicting = true", "2, 3"),
            ("reviews = 1", "4"),
        ):
            rows = of_number.format(numbers)
            connection.execute(text(f"UPDATE review_queue SET {change} WHERE {rows}"))
        gone = "UPDATE questions SET state = 'deleted' WHERE question_id IN (1, 3)"
        before = list(of_people(connection, ["stats"], now=clock.now()))
        connection.execute(text(gone))
        after = list(of_people(connection, ["stats"], now=clock.now()))
    assert _queue(before) == {"open": 4, "conflicting": 2, "unscored": 1}
    assert _queue(after) == {"open": 2, "conflicting": 1, "unscored": 0}


def _queue(samples: list[Sample]) -> dict[str, float]:
    queued = [one for one in samples if one.name == "tagger_review_queue"]
    return {one.labels[1]: one.value for one in queued}


def test_of_the_queue_no_index_is_walked_to_find_what_is_gone(
    engine: Engine, clock: ManualClock
) -> None:
    """Its rows are looked up by the few that are gone; other numbers have indexes of their own."""
    predict_rows(engine, {number: {"r": 0.9} for number in range(1, 300)}, now=clock.now())
    sent: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with engine.begin() as connection:
        connection.execute(text("UPDATE review_queue SET uncertainty = 0.5"))
        connection.execute(text("ANALYZE"))
        sent.clear()
        list(of_people(connection, ["stats"], now=clock.now()))
        asked = [one for one in sent if "review_queue" in one[0]]
        if engine.dialect.name != "sqlite":  # which reads so few rows as a whole otherwise
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        plans = [
            "\n".join(map(str, connection.exec_driver_sql(f"{explain} {sql}", given)))
            for sql, given in asked
        ]
    of_gone = re.compile("ix_questions_(gone|site_state_checked_at)")
    (gone,) = (plan for plan in plans if of_gone.search(plan))
    assert "pk_review_queue" in gone or "SEARCH review_queue USING INTEGER PRIMARY KEY" in gone
    for index in ("ix_review_queue_conflicting", "ix_review_queue_unscored"):
        assert any(index in plan for plan in plans), plans
    assert len(asked) == 4


def test_verdicts_and_reviews_are_counted_by_indexes(engine: Engine, clock: ManualClock) -> None:
    """No question is looked up for its site."""
    predict_rows(engine, {number: {"r": 0.9} for number in range(1, 10)}, now=clock.now())
    sent: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with engine.begin() as connection:
        for number in range(1, 10):
            asked = Asked("ann", str(number), "stats", number, clock.now())
            save(connection, asked, Decision(verdicts={"r": "accepted"}))
        connection.execute(text("ANALYZE"))
        sent.clear()
        clock.sleep(2 * 86_400)
        list(of_people(connection, ["stats"], now=clock.now()))
        if engine.dialect.name != "sqlite":  # which reads so few rows as a whole otherwise
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        plans = {
            sql: "\n".join(map(str, connection.exec_driver_sql(f"{explain} {sql}", given)))
            for sql, given in sent[:]
            if "FROM verdicts" in sql or "FROM reviews" in sql
        }
    (verdicts,) = (plan for sql, plan in plans.items() if "FROM verdicts" in sql)
    assert "ix_verdicts_site_tag_verdict" in verdicts
    assert "questions" not in verdicts
    (reviews,) = (plan for sql, plan in plans.items() if "FROM reviews" in sql)
    assert "ix_reviews_at" in reviews
