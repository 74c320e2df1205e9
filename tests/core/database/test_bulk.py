"""Many rows by one statement."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text

from core.database.bulk import bound, insert_rows
from core.database.tables import Question, QuestionTag
from core.errors import DatabaseUnreachable
from tests.conftest import ManualClock
from tests.rows import question, store_questions

COLUMNS = ("question_pk", "tag", "site")


def test_rows_arrive_as_they_are(engine: Engine, clock: ManualClock) -> None:
    (pk,) = store_questions(engine, question(1), now=clock.now()).requested
    rows = [(pk, tag, "stats") for tag in ("tab\tand\nline", "back\\slash", "\\N", "", "ψ")]
    with engine.begin() as connection:
        insert_rows(connection, QuestionTag, COLUMNS, iter(rows))
        insert_rows(connection, QuestionTag, COLUMNS, [])
    with engine.connect() as connection:
        found = connection.scalars(select(QuestionTag.tag).where(QuestionTag.question_pk == pk))
        assert {tag for _, tag, _ in rows} <= set(found)


def test_a_time_is_given_as_the_driver_takes_it(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(1), now=clock.now())
    later = clock.now() + timedelta(days=1)
    with engine.begin() as connection:
        at = bound(connection, Question, "fetched_at", later)
        place = "?" if connection.dialect.name == "sqlite" else "%s"
        connection.exec_driver_sql(f"UPDATE questions SET fetched_at = {place}", (at,))
        assert connection.scalar(select(Question.fetched_at)) == later


def test_nothing_of_a_statement_that_fails_is_kept(engine: Engine, clock: ManualClock) -> None:
    (pk,) = store_questions(engine, question(1), now=clock.now()).requested
    twice = [(pk, "once", "stats"), (pk, "once", "stats")]
    with pytest.raises(Exception, match=r"(?i)unique"), engine.begin() as connection:
        insert_rows(connection, QuestionTag, COLUMNS, twice)
    with engine.connect() as connection:
        found = connection.scalars(select(QuestionTag.tag).where(QuestionTag.tag == "once"))
        assert list(found) == []


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_connection_that_is_lost_meanwhile_is_one_line(engine: Engine) -> None:
    with pytest.raises(DatabaseUnreachable):
        _insert_while_the_connection_is_lost(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def _insert_while_the_connection_is_lost(engine: Engine) -> None:
    with engine.begin() as connection:
        own = connection.scalar(text("SELECT pg_backend_pid()"))
        with engine.begin() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
        insert_rows(connection, QuestionTag, COLUMNS, [(1, "x", "stats")] * 100_000)
