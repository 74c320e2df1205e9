from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from core.database.tables import Question
from core.questions.settled import is_settled, settled_before
from tests.conftest import ManualClock
from tests.rows import question, store_questions

THREE_DAYS = timedelta(days=3)


def test_what_has_settled_stays_the_same_all_day(clock: ManualClock) -> None:
    clock.sleep(60 * 60)
    morning = settled_before(clock.now(), THREE_DAYS)
    clock.sleep(22 * 60 * 60)
    assert (
        settled_before(clock.now(), THREE_DAYS)
        == morning
        == clock.now().replace(hour=0) - THREE_DAYS
    )
    clock.sleep(60 * 60)
    assert settled_before(clock.now(), THREE_DAYS) == morning + timedelta(days=1)
    assert settled_before(clock.now(), timedelta(0)) == clock.now()


@pytest.mark.parametrize(
    ("age", "settled"), [(None, True), (THREE_DAYS, True), (timedelta(days=2, hours=23), False)]
)
def test_a_question_settles_by_its_date_and_one_without_a_date_has_settled(
    engine: Engine, clock: ManualClock, age: timedelta | None, *, settled: bool
) -> None:
    created_at = None if age is None else clock.now() - age
    store_questions(engine, question(1, created_at=created_at), now=clock.now())
    with engine.connect() as connection:
        chosen = select(Question.question_id).where(
            is_settled(settled_before(clock.now(), THREE_DAYS))
        )
        assert list(connection.execute(chosen).scalars()) == ([1] if settled else [])
