from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text

from core.questions.gone import GONE, gone_keys, mark_deleted
from core.questions.lifecycle import ClaimedQuestion, claim, finish
from core.questions.requests import request_tagging, retag
from core.questions.store import State
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import (
    find_request,
    live_models,
    publish_live,
    question,
    request_of,
    store_questions,
)
from worker.tagging import tag_batch


def claim_all(engine: Engine, pks: tuple[int, ...], clock: ManualClock) -> list[ClaimedQuestion]:
    with engine.begin() as connection:
        return claim(connection, pks, site="stats", now=clock.now())


@pytest.mark.parametrize("state", ["migrated", "deleted"])
def test_a_question_that_is_gone_is_tagged_no_more(
    engine: Engine, clock: ManualClock, state: State
) -> None:
    pending = store_questions(engine, question(1), question(2), now=clock.now())
    gone = question(1, "Edited", state=state)
    for request in (False, True):
        stored = store_questions(
            engine, gone, question(2, "Edited"), now=clock.now(), request_tagging=request
        )
        assert (len(stored.requested), find_request(engine, 1)) == (1 - request, None)
    assert len(claim_all(engine, pending.requested, clock)) == 1
    with engine.begin() as connection:
        assert request_tagging(connection, site="stats", now=clock.now()) == 1  # the claimed one
    assert find_request(engine, 1) is None
    assert len(store_questions(engine, question(1, state="open"), now=clock.now()).requested) == 1


def test_what_a_batch_makes_of_a_question_that_is_gone_is_dropped(
    engine: Engine, clock: ManualClock
) -> None:
    pending = store_questions(engine, question(1), question(2), now=clock.now())
    claimed = claim_all(engine, pending.requested, clock)
    with engine.begin() as connection:
        assert mark_deleted(connection, site="stats", question_ids=[1], now=clock.now()) == 1
        assert finish(connection, claimed) == {claimed[1].pk}


def test_a_promotion_asks_for_none_that_is_gone(engine: Engine, clock: ManualClock) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    tagged = store_questions(engine, question(1), question(2), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", tagged.requested, clock)
    store_questions(engine, question(1, state="migrated"), now=clock.now())
    with engine.begin() as connection:
        recent = timedelta(days=1)
        assert retag(connection, "stats", "all", now=clock.now(), recent=recent) == 1
    assert find_request(engine, 1) is None


def test_a_closed_question_keeps_its_request(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(1), now=clock.now())
    store_questions(engine, question(1, state="closed"), now=clock.now(), request_tagging=False)
    assert request_of(engine, 1).requested_at == clock.now()


def test_what_is_gone_is_found_by_an_index_of_its_own(engine: Engine, clock: ManualClock) -> None:
    states: tuple[State, ...] = ("open", "answered", "closed", "migrated", "deleted")
    given = [question(number, state=state) for number, state in enumerate(states)]
    store_questions(engine, *given, now=clock.now())
    key = gone_keys().c.id
    keys = select(key).order_by(key.desc())  # in no order, SQLite reads all of so small a table
    compiled = keys.compile(engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.begin() as connection:
        assert len(connection.scalars(keys).all()) == len(GONE)
        if engine.dialect.name != "sqlite":  # which reads so few rows as a whole otherwise
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = str(connection.execute(text(f"{explain} {compiled}")).all())
    assert "ix_questions_gone" in plan
