"""Many rows by one statement."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from core.database.bulk import as_copied, bound, insert_raw, insert_rows
from core.database.tables import Question, QuestionTag
from core.errors import DatabaseForbidden, DatabaseUnreachable
from core.model.bundle_store import open_parts
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


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_line_reads_as_the_driver_s_own(engine: Engine) -> None:
    odd = ["", "\\N", "a\tb\nc\r", '"', '\\"', "{,}", " ", "NULL", "ψ", "\b\x01"]
    at = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)
    rows: list[tuple[Any, ...]] = [
        (place, text_, at, odd, [0.1, 1e-300, float("inf")], [1, -(2**62)])
        for place, text_ in enumerate(odd)
    ]
    rows += [(2**62, None, None, [], [], None)]
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TEMPORARY TABLE odd (id bigint, one text, at timestamptz, many text[], "
            "shares float8[], numbers bigint[])"
        )
        insert_raw(connection, "odd", ("id", "one", "at", "many", "shares", "numbers"), rows)
        found = connection.exec_driver_sql("SELECT * FROM odd ORDER BY id").all()
    assert all(as_copied(row) is not None for row in rows)
    assert [tuple(row) for row in found] == rows


@pytest.mark.parametrize("odd", ["", "\\N", "a\tb\nc\r", '"', '\\"', "{,}", " ", "NULL", "ψ", "\b"])
def test_a_question_stands_as_it_was_given(engine: Engine, clock: ManualClock, odd: str) -> None:
    given = question(1, title=odd, body=odd * 2, author_tags=(odd, "b"), owner=odd, score=-3)
    store_questions(engine, given, question(2, owner=None), now=clock.now())
    columns = (Question.title, Question.body, Question.author_tags, Question.owner, Question.score)
    with engine.connect() as connection:
        first, second = connection.execute(select(*columns).order_by(Question.question_id))
    assert tuple(first) == (odd, odd * 2, [odd, "b"], odd, -3)
    assert second.owner is None


def test_what_is_of_another_kind_is_left_to_the_driver() -> None:
    assert as_copied((1, b"bytes")) is None
    assert as_copied((1, [None])) is None
    assert as_copied((True,)) is None


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


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_what_copy_is_forbidden_is_told_like_all_that_is_forbidden(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(1), now=clock.now()).requested
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE only_reads")
        connection.exec_driver_sql("SET LOCAL ROLE only_reads")
        with pytest.raises(DatabaseForbidden, match="may not do that"):
            insert_rows(connection, QuestionTag, COLUMNS, [(pk, "a", "stats")])


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_what_reading_a_bundle_is_forbidden_is_told_so_too(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE reads_nothing")
        connection.exec_driver_sql("SET LOCAL ROLE reads_nothing")
        with pytest.raises(DatabaseForbidden, match="may not do that"):
            open_parts(connection, 1, 1).read()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_time_without_a_zone_is_refused(engine: Engine, clock: ManualClock) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="has no time zone"):
        as_copied((1, naive))
    with pytest.raises(ValueError, match="has no time zone"):
        store_questions(engine, question(1, created_at=naive), now=clock.now())
