"""Who changes several questions locks them in the order of their keys: no deadlock on Postgres."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.engine import Connection

from core.database.tables import Question
from core.questions.lifecycle import (
    ClaimedQuestion,
    claim,
    end_lease,
    finish,
    park_exhausted,
    release,
    unclaim,
)
from core.questions.requests import request_tagging, retag
from core.questions.store import mark_deleted, store
from tests.conftest import ManualClock
from tests.rows import question, store_questions

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

NOW = ManualClock().now()
DAY = timedelta(days=1)
Change = Callable[[Connection, list[int]], object]


def finish_all(connection: Connection, pks: list[int]) -> object:
    rows = select(Question.id, Question.title, Question.body, Question.content_hash)
    found = connection.execute(rows.add_columns(Question.requested_at).where(Question.id.in_(pks)))
    return finish(connection, [ClaimedQuestion(*row) for row in found])


CHANGES: dict[str, Change] = {
    "claim": lambda c, pks: claim(c, pks, site="stats", now=NOW),
    "finish": finish_all,
    "end_lease": end_lease,
    "unclaim": unclaim,
    "park_exhausted": lambda c, _: park_exhausted(c, now=NOW, lease=DAY),
    "release": lambda c, _: release(c),
    "mark_deleted": lambda c, _: mark_deleted(c, site="stats", question_ids=[1, 2], now=NOW),
    "store": lambda c, _: store(
        c, [question(1, "new"), question(2, "new")], now=NOW, request_tagging=True
    ),
    "request_tagging": lambda c, _: request_tagging(c, site="stats", now=NOW),
    "retag": lambda c, _: retag(c, "stats", "all", now=NOW, recent=DAY),
}
STATES: dict[str, dict[str, object]] = {
    "unclaim": {"attempts": 1},
    "park_exhausted": {"attempts": 3, "error": "bad text"},
    "release": {"parked_at": NOW},
    "retag": {"attempts": 1},
    "request_tagging": {"attempts": 1},
}


@pytest.fixture
def pks(engine: Engine) -> list[int]:
    """Two questions; by plan, the one with the higher key and the lower number is found first."""
    numbers = [question(2), question(1)]
    pks = [pk for q in numbers for pk in store_questions(engine, q, now=NOW).requested]
    assert pks == sorted(pks)
    return pks


def wait_for_a_waiter(engine: Engine) -> None:
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(500):
        with engine.connect() as connection:
            if connection.execute(waits).scalar_one():
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for the lock")


@pytest.mark.parametrize("name", CHANGES)
def test_whoever_waits_for_a_question_holds_none_with_a_higher_key(
    engine: Engine, pks: list[int], name: str
) -> None:
    first, second = pks
    with engine.begin() as connection:
        connection.execute(update(Question).values(STATES.get(name, {"attempts": 0})))
        # A row that is written anew stands behind the others.
        connection.execute(update(Question).where(Question.id == first).values(score=1))

    def change() -> None:
        with engine.begin() as connection:
            for way in ("indexscan", "bitmapscan"):  # rows are found as they stand
                connection.execute(text(f"SET LOCAL enable_{way} = off"))
            CHANGES[name](connection, pks)

    lock = select(Question.id).with_for_update(nowait=True)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            connection.execute(lock.where(Question.id == first)).all()
            changing = pool.submit(change)
            wait_for_a_waiter(engine)
            assert connection.execute(lock.where(Question.id == second)).scalar_one() == second
        changing.result(timeout=30)
