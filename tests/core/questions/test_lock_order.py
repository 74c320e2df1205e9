"""Who changes several questions, or their requests, locks them in the order of their keys.

So there is no deadlock on Postgres.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.engine import Connection

from core.database.tables import Question, TaggingRequest
from core.questions.gone import mark_deleted
from core.questions.leases import end_lease
from core.questions.lifecycle import (
    ClaimedQuestion,
    claim,
    finish,
    park_exhausted,
    release,
    unclaim,
)
from core.questions.requests import request_tagging, retag
from core.questions.store import store
from tests.conftest import ManualClock
from tests.processes import is_waited_for, wait_until
from tests.rows import question, store_questions

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

NOW = ManualClock().now()
DAY = timedelta(days=1)
Change = Callable[[Connection, list[int]], object]


def finish_all(connection: Connection, pks: list[int]) -> object:
    rows = select(Question.id, Question.title, Question.body, Question.content_hash)
    found = rows.add_columns(TaggingRequest.requested_at).join(TaggingRequest)
    questions = connection.execute(found.where(Question.id.in_(pks)))
    return finish(connection, [ClaimedQuestion(*row) for row in questions])


CHANGES: dict[str, Change] = {
    "claim": lambda c, pks: claim(c, pks, site="stats", now=NOW),
    "finish": finish_all,
    "end_lease": lambda c, pks: end_lease(c, pks, at=NOW, lease=DAY),
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
# Which rows each changes, and in this order where it changes both.
BOTH = ("finish", "store", "request_tagging", "retag")
QUESTIONS = (*BOTH, "mark_deleted")
CASES: list[tuple[str, type[Question | TaggingRequest]]]
CASES = [(name, Question) for name in QUESTIONS]
CASES += [(name, TaggingRequest) for name in CHANGES if name != "mark_deleted"]
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


@pytest.mark.parametrize(("name", "table"), CASES)
def test_whoever_waits_for_a_row_holds_none_with_a_higher_key(
    engine: Engine, pks: list[int], name: str, table: type[Question | TaggingRequest]
) -> None:
    first, second = pks
    key = Question.id if table is Question else TaggingRequest.question_pk
    with engine.begin() as connection:
        connection.execute(update(TaggingRequest).values(STATES.get(name, {"attempts": 0})))
        # A row that is written anew stands behind the others.
        connection.execute(update(Question).where(Question.id == first).values(score=1))
        of_first = TaggingRequest.question_pk == first
        connection.execute(update(TaggingRequest).where(of_first).values(enqueued_at=None))

    def change() -> None:
        with engine.begin() as connection:
            for way in ("indexscan", "bitmapscan"):  # rows are found as they stand
                connection.execute(text(f"SET LOCAL enable_{way} = off"))
            CHANGES[name](connection, pks)

    lock = select(key).with_for_update(nowait=True)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            connection.execute(lock.where(key == first)).all()
            changing = pool.submit(change)
            wait_until(lambda: is_waited_for(engine), seconds=20, what="it waits for the lock")
            assert connection.execute(lock.where(key == second)).scalar_one() == second
        changing.result(timeout=30)


@pytest.mark.parametrize("name", BOTH)
def test_whoever_waits_for_a_question_holds_no_request(
    engine: Engine, pks: list[int], name: str
) -> None:
    def change() -> None:
        with engine.begin() as connection:
            CHANGES[name](connection, pks)

    with engine.begin() as connection:
        connection.execute(update(TaggingRequest).values(STATES.get(name, {"attempts": 0})))
    requests = select(TaggingRequest.question_pk).with_for_update(nowait=True)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            connection.execute(select(Question.id).where(Question.id == pks[1]).with_for_update())
            changing = pool.submit(change)
            wait_until(lambda: is_waited_for(engine), seconds=20, what="it waits for the lock")
            assert set(connection.execute(requests).scalars()) == set(pks)
        changing.result(timeout=30)
