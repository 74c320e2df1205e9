from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from core.questions.gone import mark_deleted
from core.questions.store import FetchedQuestion, State
from tests.conftest import ManualClock
from tests.rows import question, row, store_questions


def test_a_file_undoes_no_score_of_as_late_an_activity(engine: Engine, clock: ManualClock) -> None:
    active = clock.now() - timedelta(days=90)

    def stored(score: int | None, days: int = 0, **told: Any) -> int | None:
        seen = question(7, score=score, last_activity_at=active + timedelta(days=days), **told)
        store_questions(engine, seen, now=clock.now())
        return row(engine, 7).score

    assert [stored(None), stored(9), stored(5)] == [None, 9, 9]
    assert stored(6, days=1) == 6
    assert stored(4, days=1, state="open") == 4  # the API's is what is so now


def test_a_dumps_state_undoes_none_that_was_told_later(engine: Engine, clock: ManualClock) -> None:
    def closed(days: int) -> FetchedQuestion:
        moment = clock.now() - timedelta(days=days)
        return question(7, last_activity_at=active, state="closed", state_at=moment)

    active = clock.now() - timedelta(days=90)
    store_questions(engine, question(7, last_activity_at=active), now=clock.now())
    store_questions(engine, closed(30), now=clock.now())
    assert row(engine, 7).state == "closed"
    assert row(engine, 7).state_at == clock.now() - timedelta(days=30)
    clock.sleep(60)
    checked = clock.now()
    store_questions(engine, question(7, last_activity_at=active, state="open"), now=checked)
    clock.sleep(60)
    store_questions(engine, closed(30), now=clock.now())
    assert (row(engine, 7).state, row(engine, 7).checked_at) == ("open", checked)
    store_questions(engine, closed(0), now=clock.now() + timedelta(days=1))
    assert row(engine, 7).state == "closed"


def test_a_dumps_state_undoes_none_that_was_confirmed_later(
    engine: Engine, clock: ManualClock
) -> None:
    def tell(state: State, days: int | None = None) -> None:
        moment = None if days is None else begun + timedelta(days=days)
        told = question(7, last_activity_at=begun, state=state, state_at=moment)
        store_questions(engine, told, now=clock.now())

    begun = clock.now()
    tell("open")
    clock.sleep(100 * 86_400)
    tell("open")  # so it may have been closed meanwhile, and opened again
    tell("closed", days=50)
    assert (row(engine, 7).state, row(engine, 7).state_at) == ("open", begun)
    clock.sleep(2 * 86_400)
    tell("closed", days=101)
    assert row(engine, 7).state == "closed"


@pytest.mark.parametrize(("known", "told"), [("open", "closed"), ("deleted", "open")])
def test_a_files_state_of_the_future_keeps_none_that_is_told_later(
    engine: Engine, clock: ManualClock, known: State, told: State
) -> None:
    begun, far = clock.now(), clock.now() + timedelta(days=9999)
    store_questions(engine, question(7, state=known, state_at=far), now=begun)
    assert row(engine, 7).state == known
    assert (row(engine, 7).state_at or far) <= begun
    clock.sleep(60)
    store_questions(engine, question(7, state=told, state_at=begun), now=clock.now())
    assert row(engine, 7).state == told


def test_a_files_state_of_the_future_is_no_word_of_now(engine: Engine, clock: ManualClock) -> None:
    checked, far = clock.now(), clock.now() + timedelta(days=9999)
    store_questions(engine, question(7, state="closed"), now=checked)
    store_questions(engine, question(7, state="open", state_at=far), now=checked)
    assert (row(engine, 7).state, row(engine, 7).state_at) == ("closed", checked)


def test_a_dumps_state_undoes_no_deletion_that_was_confirmed_later(
    engine: Engine, clock: ManualClock
) -> None:
    begun = clock.now()
    store_questions(engine, question(7, last_activity_at=begun), now=begun)
    for _ in range(2):
        clock.sleep(100)
        with engine.begin() as connection:
            mark_deleted(connection, site="stats", question_ids=[7], now=clock.now())
    closed = begun + timedelta(seconds=150)
    old = question(7, last_activity_at=begun, state="closed", state_at=closed)
    store_questions(engine, old, now=clock.now())
    assert row(engine, 7).state == "deleted"


@pytest.mark.parametrize(
    ("known", "days", "state"),
    [
        ("closed", 51, "open"),
        ("closed", 49, "closed"),
        ("deleted", 51, "open"),
        ("migrated", 51, "migrated"),
        ("answered", 51, "answered"),  # dumps do not tell that it is
    ],
)
def test_a_newer_dump_that_holds_a_question_as_not_closed_reopens_it(
    engine: Engine, clock: ManualClock, known: State, days: int, state: State
) -> None:
    begun = clock.now() - timedelta(days=1000)
    told = question(7, state=known, state_at=begun + timedelta(days=50))
    store_questions(engine, told, now=clock.now())
    active = begun + timedelta(days=days)
    newer = question(7, last_activity_at=active, state="open", state_at=active)
    store_questions(engine, newer, now=clock.now())
    assert row(engine, 7).state == state
