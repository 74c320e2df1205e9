"""Many keys as one parameter."""

from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, select

from core.database.keys import are_at_most, is_held, one_of
from core.database.tables import Question, QuestionTag
from tests.conftest import ManualClock
from tests.rows import question, store_questions


@pytest.mark.parametrize("wanted", [[], [2], [3, 1, 3], range(1, 300), {-1, 2**62}])
def test_rows_are_chosen_by_their_keys(
    engine: Engine, clock: ManualClock, wanted: list[int]
) -> None:
    store_questions(engine, *map(question, range(1, 5)), now=clock.now())
    with engine.connect() as connection:
        keys = dict(connection.execute(select(Question.question_id, Question.id)).all())
        chosen = [keys.get(number, number) for number in wanted]
        rows = select(Question.question_id).where(one_of(connection, Question.id, chosen))
        found = connection.execute(rows.order_by(Question.id)).scalars().all()
    assert found == sorted(set(wanted) & {1, 2, 3, 4})


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_they_are_one_parameter_for_postgres(engine: Engine) -> None:
    with engine.connect() as connection:
        texts = {
            str(delete(Question).where(one_of(connection, Question.id, keys)).compile(engine))
            for keys in ([1], [1, 2, 3])
        }
    assert len(texts) == 1


def test_the_key_s_index_is_used(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, *map(question, range(1, 1000)), now=clock.now())
    sent: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.execute(select(Question.title).where(one_of(connection, Question.id, [5, 7])))
        statement, given = sent[-1]
        explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        plan = connection.exec_driver_sql(f"{explain} {statement}", given).all()
    assert not [line for line in plan if "SCAN questions" in str(line) or "Seq Scan" in str(line)]


def test_keys_of_a_select_are_held(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, *map(question, range(1, 9)), now=clock.now())
    keys = select(Question.id).where(Question.question_id > 5).order_by(Question.question_id)
    wanted = select(Question.question_id).order_by(Question.question_id)
    with engine.connect() as connection:
        for most, expected in ((100, [6, 7, 8]), (2, [6, 7]), (0, [])):
            held = is_held(Question.id, keys, most=most)
            assert connection.scalars(wanted.where(held)).all() == expected
        assert [are_at_most(connection, keys, most) for most in (2, 3, 4)] == [False, True, True]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("analysed", [True, False])
def test_postgres_hashes_what_is_held_whatever_it_knows_of_the_table(
    engine: Engine, clock: ManualClock, analysed: bool
) -> None:
    store_questions(engine, *map(question, range(1, 300)), now=clock.now())
    held = is_held(Question.id, select(QuestionTag.question_pk), most=40_000)
    sql = select(Question.title).where(held).compile(engine)
    with engine.begin() as connection:
        if analysed:
            connection.exec_driver_sql("ANALYZE")
        (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT TEXT) {sql}").scalars().all()[1:2]
    assert "hashed SubPlan" in plan
