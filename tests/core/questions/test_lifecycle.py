from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text, update

from core.database.tables import TaggingRequest
from core.questions.lifecycle import (
    MAX_ATTEMPTS,
    Priority,
    claim,
    due_sites,
    finish,
    park_exhausted,
    record_error,
    sweep,
)
from core.questions.store import store
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import find_request, publish_live, question, request_of, store_questions

LEASE = timedelta(seconds=60)


def sweep_all(
    engine: Engine, clock: ManualClock, *, tasks: int = 10, priority: Priority = Priority.LIVE
) -> list[list[int]]:
    with engine.begin() as connection:
        return sweep(
            connection, "stats", priority=priority, tasks=tasks, now=clock.now(), lease=LEASE
        )


def test_a_sweep_takes_a_question_once_a_lease(engine: Engine, clock: ManualClock) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    taken = []
    for seconds in (0, 59, 2, 60):
        clock.sleep(seconds)
        taken.append(sweep_all(engine, clock))
    assert taken == [[[pk]], [], [[pk]], []]


def test_sites_are_due_that_have_a_model_and_something_to_take(
    engine: Engine, clock: ManualClock
) -> None:
    def due(priority: Priority) -> list[str]:
        with engine.begin() as connection:
            return due_sites(connection, priority=priority, now=clock.now(), lease=LEASE)

    store_questions(engine, question(7), question(7, site="ai"), now=clock.now())
    assert due(Priority.LIVE) == []
    publish_live(engine, word_bundle(), now=clock.now())
    assert due(Priority.LIVE) == ["stats"]
    assert due(Priority.BACKFILL) == []
    sweep_all(engine, clock)
    assert due(Priority.LIVE) == []


@pytest.mark.parametrize(("priority", "size"), [(Priority.LIVE, 100), (Priority.BACKFILL, 1000)])
def test_a_sweep_takes_the_oldest_in_tasks_of_their_priority(
    engine: Engine, clock: ManualClock, priority: Priority, size: int
) -> None:
    many = [question(number) for number in range(2 * size + 1)]
    with engine.begin() as connection:
        first = store(
            connection, many[1:], now=clock.now(), request_tagging=True, priority=priority
        )
    clock.sleep(1)
    with engine.begin() as connection:
        store(connection, many[:1], now=clock.now(), request_tagging=True, priority=priority)
    found = sweep_all(engine, clock, tasks=2, priority=priority)
    assert [len(pks) for pks in found] == [size, size]
    assert sorted(pk for pks in found for pk in pks) == list(first.requested)


def test_a_sweep_of_many_tasks_writes_their_leases_at_once(
    engine: Engine, clock: ManualClock
) -> None:
    """Far from the database each statement is a round trip, and one process refills for all."""
    stored = store_questions(engine, *map(question, range(201)), now=clock.now())
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    assert {pk for pks in sweep_all(engine, clock) for pk in pks} == set(stored.requested)
    assert sum(statement.startswith("UPDATE") for statement in asked) == 1
    assert sweep_all(engine, clock) == []


def test_what_has_failed_is_taken_first_and_in_smaller_tasks_which_count_as_any(
    engine: Engine, clock: ManualClock
) -> None:
    pks = store_questions(engine, *map(question, range(40)), now=clock.now()).requested
    for failed in (pks[:22], pks[:2]):
        with engine.begin() as connection:
            chosen = update(TaggingRequest).where(TaggingRequest.question_pk.in_(failed))
            connection.execute(chosen.values(attempts=TaggingRequest.attempts + 1))
    assert [len(pks) for pks in sweep_all(engine, clock, tasks=3)] == [1, 1, 10]
    assert [len(pks) for pks in sweep_all(engine, clock, tasks=3)] == [10, 18]


def test_a_question_whose_text_changed_while_it_was_tagged_stays_pending(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    with engine.begin() as connection:
        claimed = claim(connection, [pk], site="stats", now=clock.now())
    store_questions(engine, question(7, "edited"), now=clock.now())
    with engine.begin() as connection:
        assert finish(connection, claimed) == set()
    assert find_request(engine, 7) is not None


def test_the_error_of_an_old_text_is_not_kept_of_the_new_one(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    with engine.begin() as connection:
        (claimed,) = claim(connection, [pk], site="stats", now=clock.now())
        record_error(connection, claimed, "no words")
    assert request_of(engine, 7).error == "no words"
    clock.sleep(1)
    store_questions(engine, question(7, "edited"), now=clock.now())
    with engine.begin() as connection:
        record_error(connection, claimed, "no words")
    assert request_of(engine, 7).error is None


def test_only_the_first_of_two_finishers_writes(engine: Engine, clock: ManualClock) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    with engine.begin() as connection:
        claimed = claim(connection, [pk], site="stats", now=clock.now())
    with engine.begin() as connection:
        assert finish(connection, claimed) == {pk}
    with engine.begin() as connection:
        assert finish(connection, claimed) == set()


def test_neighbours_of_a_question_that_kills_are_not_counted_out_with_it(
    engine: Engine, clock: ManualClock
) -> None:
    pks = store_questions(engine, *map(question, range(100)), now=clock.now()).requested
    for _ in range(MAX_ATTEMPTS):
        with engine.begin() as connection:
            claim(connection, pks, site="stats", now=clock.now())
    assert request_of(engine, 5).attempts == 1


def test_the_last_part_of_a_task_counts_as_large_as_the_task(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    with engine.begin() as connection:
        connection.execute(update(TaggingRequest).values(attempts=2))
    for size, found in ((101, []), (1, [pk])):
        with engine.begin() as connection:
            claimed = claim(connection, [pk], site="stats", now=clock.now(), task_size=size)
        assert [one.pk for one in claimed] == found


def test_a_lease_from_a_clock_that_was_ahead_holds_nothing_up(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    (pk,) = store_questions(engine, question(7), now=clock.now() + timedelta(days=365)).requested
    with engine.begin() as connection:
        connection.execute(update(TaggingRequest).values(enqueued_at=TaggingRequest.requested_at))
    assert sweep_all(engine, clock) == [[pk]]


def test_a_question_that_kills_its_process_is_parked_after_the_third_attempt(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    for _ in range(MAX_ATTEMPTS + 1):
        with engine.begin() as connection:
            claim(connection, [pk], site="stats", now=clock.now())
    with engine.begin() as connection:
        assert park_exhausted(connection, now=clock.now(), lease=LEASE) == []
    clock.sleep(61)
    with engine.begin() as connection:
        assert park_exhausted(connection, now=clock.now(), lease=LEASE) == [pk]
    found = request_of(engine, 7)
    assert found.attempts == MAX_ATTEMPTS
    assert found.error == "the worker's process ended while at it"


def test_what_is_to_be_parked_is_found_by_an_index(engine: Engine, clock: ManualClock) -> None:
    pks = store_questions(engine, *map(question, range(1, 400)), now=clock.now()).requested
    sent: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with engine.begin() as connection:
        failed = update(TaggingRequest).where(TaggingRequest.question_pk.in_(pks[-2:]))
        connection.execute(failed.values(attempts=MAX_ATTEMPTS, error="bad text"))
        connection.exec_driver_sql("ANALYZE")
        sent.clear()
        parked = park_exhausted(connection, now=clock.now(), lease=LEASE)
        assert parked == sorted(pks[-2:])
        explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        for statement, given in sent[:]:
            plan = connection.exec_driver_sql(f"{explain} {statement}", given).all()
            assert "ix_tagging_requests_exhausted" in str(plan)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_only_a_last_attempt_is_written_into_an_index(engine: Engine, clock: ManualClock) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    written = text(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables "
        "WHERE relname = 'tagging_requests'"
    )
    counts = []
    with engine.begin() as connection:
        for _ in range(MAX_ATTEMPTS):
            claim(connection, [pk], site="stats", now=clock.now())
            counts.append(tuple(connection.execute(written).one()))
    assert counts == [(1, 1), (2, 2), (3, 2)]
