import threading
from collections.abc import Sequence
from datetime import timedelta
from queue import Queue

import pytest
from sqlalchemy import Engine

from core.errors import DatabaseUnreachable
from core.questions.leases import (
    HELD,
    LOST_AFTER,
    HeldQuestions,
    end_lease,
    find_overdue,
    free_lost,
    held_from,
    renew,
)
from core.questions.lifecycle import Priority, claim, finish, sweep
from core.questions.store import store
from tests.conftest import ManualClock
from tests.rows import find_request, question, request_of, store_questions

LEASE = timedelta(seconds=120)


def sweep_all(engine: Engine, clock: ManualClock) -> list[list[int]]:
    with engine.begin() as connection:
        return sweep(
            connection, "stats", priority=Priority.LIVE, tasks=10, now=clock.now(), lease=LEASE
        )


def claim_all(engine: Engine, clock: ManualClock, pks: Sequence[int]) -> None:
    with engine.begin() as connection:
        claim(connection, pks, site="stats", now=clock.now(), lease=LEASE)


def overdue(engine: Engine, clock: ManualClock) -> set[int]:
    with engine.connect() as connection:
        return find_overdue(
            connection, "stats", priority=Priority.LIVE, now=clock.now(), lease=LEASE
        )


@pytest.fixture
def pk(engine: Engine, clock: ManualClock) -> int:
    """A question that was put into the queue just now."""
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    assert sweep_all(engine, clock) == [[pk]]
    return pk


def test_a_lease_that_is_ended_is_over_at_its_time(
    engine: Engine, clock: ManualClock, pk: int
) -> None:
    with engine.begin() as connection:
        end_lease(connection, [pk], at=clock.now() + timedelta(seconds=10), lease=LEASE)
    assert sweep_all(engine, clock) == []
    clock.sleep(11)
    assert sweep_all(engine, clock) == [[pk]]


def test_what_a_process_had_in_hand_is_free_soon_after_it_renewed_it_for_the_last_time(
    engine: Engine, clock: ManualClock, pk: int
) -> None:
    claim_all(engine, clock, [pk])
    for _ in range(10):
        clock.sleep(HELD.total_seconds() - 1)
        assert sweep_all(engine, clock) == []
        with engine.begin() as connection:
            renew(connection, [pk], now=clock.now(), lease=LEASE)
    clock.sleep(HELD.total_seconds() + 1)
    assert sweep_all(engine, clock) == [[pk]]


def test_a_renewal_holds_nothing_that_was_asked_for_anew_or_is_finished(
    engine: Engine, clock: ManualClock, pk: int
) -> None:
    (other,) = store_questions(engine, question(8), now=clock.now()).requested
    with engine.begin() as connection:
        claimed = claim(connection, [pk, other], site="stats", now=clock.now(), lease=LEASE)
        finish(connection, [one for one in claimed if one.pk == other])
        store(connection, [question(7, "Edited")], now=clock.now(), request_tagging=True)
        renew(connection, [pk, other], now=clock.now(), lease=LEASE)
    assert sweep_all(engine, clock) == [[pk]]
    assert find_request(engine, 8) is None


def test_what_left_the_queue_and_reached_nobody_is_found_and_freed(
    engine: Engine, clock: ManualClock, pk: int
) -> None:
    clock.sleep(LOST_AFTER.total_seconds() - 1)
    assert overdue(engine, clock) == set()
    clock.sleep(2)
    assert overdue(engine, clock) == {pk}
    with engine.begin() as connection:
        assert free_lost(connection, [pk], now=clock.now(), lease=LEASE) == 1
    assert sweep_all(engine, clock) == [[pk]]


def test_what_is_in_hand_is_not_lost_however_long_it_takes(
    engine: Engine, clock: ManualClock, pk: int
) -> None:
    clock.sleep(LOST_AFTER.total_seconds() + 1)
    claim_all(engine, clock, [pk])
    assert overdue(engine, clock) == set()
    with engine.begin() as connection:
        assert free_lost(connection, [pk], now=clock.now(), lease=LEASE) == 0
    clock.sleep(HELD.total_seconds() - 1)
    assert overdue(engine, clock) == set()
    assert request_of(engine, 7).enqueued_at is not None


def test_a_lease_of_a_clock_that_was_set_back_is_over(
    engine: Engine, clock: ManualClock, pk: int
) -> None:
    clock.time -= timedelta(minutes=1)
    assert sweep_all(engine, clock) == [[pk]]


@pytest.mark.parametrize("seconds", [5, 20, 120])
def test_a_claim_lasts_no_longer_than_the_queues_lease(clock: ManualClock, seconds: int) -> None:
    lease = timedelta(seconds=seconds)
    assert held_from(clock.now(), lease) + lease == clock.now() + min(lease, HELD)


class Turns:
    """Lets the thread renew once whenever the test says so."""

    def __init__(self) -> None:
        self._turns: Queue[bool] = Queue()
        self._waits = threading.Semaphore(0)

    def wait(self, _event: threading.Event, _seconds: float) -> bool:
        self._waits.release()
        return self._turns.get()

    def take(self, *, ended: bool = False) -> None:
        """Have the thread renew, and wait until it waits again."""
        self._waits.acquire()
        self._turns.put(ended)
        if not ended:
            self._waits.acquire()
            self._waits.release()


def test_all_that_a_task_has_not_written_is_held_while_it_lasts(
    engine: Engine, clock: ManualClock
) -> None:
    pks = store_questions(engine, question(1), question(2), now=clock.now()).requested
    with engine.begin() as connection:
        claim(connection, pks, site="stats", now=clock.now(), lease=LEASE)
    turns = Turns()
    with HeldQuestions(engine, pks, clock, LEASE, wait=turns.wait) as held:
        for _ in range(3):
            clock.sleep(HELD.total_seconds() - 1)
            turns.take()
            assert sweep_all(engine, clock) == []
        held.let_go(pks[:1])
        clock.sleep(HELD.total_seconds() - 1)
        turns.take()
        clock.sleep(2)
        assert sweep_all(engine, clock) == [[pks[0]]]
        turns.take(ended=True)
    clock.sleep(HELD.total_seconds())
    assert sweep_all(engine, clock) == [[pks[1]]]


def test_a_database_that_is_away_ends_no_task(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseUnreachable("away")

    monkeypatch.setattr("core.questions.leases.renew", away)
    turns = Turns()
    with HeldQuestions(sqlite_engine, [1], clock, LEASE, wait=turns.wait):
        turns.take()
        turns.take()  # it goes on
        turns.take(ended=True)


@pytest.mark.parametrize(("lease", "pause"), [(5, 1.25), (20, 5), (120, 5)])
def test_a_short_lease_is_renewed_before_it_is_over(
    sqlite_engine: Engine, clock: ManualClock, lease: int, pause: float
) -> None:
    waited: list[float] = []
    asked = threading.Event()

    def wait(_: threading.Event, seconds: float) -> bool:
        waited.append(seconds)
        asked.set()
        return True

    with HeldQuestions(sqlite_engine, [1], clock, timedelta(seconds=lease), wait=wait):
        assert asked.wait(5)
    assert waited == [pause]
