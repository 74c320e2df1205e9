"""The uses of tags, which triggers keep, are always what counting would find."""

import pytest
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.known_tags import count_uses
from core.database.migrate import upgrade
from core.database.tables import Question, QuestionTag
from core.database.views import TagUse
from core.questions.store import store
from tests.conftest import ManualClock
from tests.database_of_before import migrate_to
from tests.rows import question, store_questions

NOW = ManualClock().now()


def counted(connection: Connection, site: str = "stats") -> dict[str, int]:
    rows = select(QuestionTag.tag, func.count()).where(QuestionTag.site == site)
    return dict(connection.execute(rows.group_by(QuestionTag.tag)).all())


def uses(engine: Engine, site: str = "stats") -> dict[str, int]:
    """What is kept, once it is sure to be right."""
    with reading(engine) as connection:
        kept = count_uses(connection, site)
        assert kept == counted(connection, site)
    return kept


def test_uses_follow_what_is_stored_edited_renamed_and_deleted(engine: Engine) -> None:
    tags = [("a", "b"), ("a", "a"), (), ("a", "c")]
    stored = (question(n, author_tags=given) for n, given in enumerate(tags, 1))
    store_questions(engine, *stored, question(1, site="other", author_tags=("a",)), now=NOW)
    assert uses(engine) == {"a": 3, "b": 1, "c": 1}
    assert uses(engine, "other") == {"a": 1}
    store_questions(engine, question(1, author_tags=("a", "d")), now=NOW)
    assert uses(engine) == {"a": 3, "c": 1, "d": 1}
    with engine.begin() as connection:
        connection.execute(delete(Question).where(Question.question_id == 4))
        connection.execute(update(QuestionTag).where(QuestionTag.tag == "d").values(tag="e"))
        connection.execute(update(QuestionTag).values(site="stats"))
    assert uses(engine) == {"a": 3, "e": 1}
    assert uses(engine, "other") == {}


def test_what_is_rolled_back_is_not_counted(engine: Engine) -> None:
    store_questions(engine, question(1, author_tags=("a",)), now=NOW)
    with engine.connect() as connection:
        more = [question(2, author_tags=("a", "b"))]
        store(connection, more, now=NOW, request_tagging=False)
        assert count_uses(connection, "stats") == {"a": 2, "b": 1}
        connection.rollback()
    assert uses(engine) == {"a": 1}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_writers_of_the_same_tags_wait_for_nobody(engine: Engine) -> None:
    """In orders by which each would wait for the other, if they wrote the same rows."""
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            connection.exec_driver_sql("SET LOCAL lock_timeout = 500")
        for number, tags in enumerate(zip("abc", "cba", strict=True), 1):
            for place, connection in enumerate((one, other)):
                given = [question(number + 10 * place, author_tags=(tags[place],))]
                store(connection, given, now=NOW, request_tagging=False)
        other.commit()
        one.commit()
    assert uses(engine) == dict.fromkeys("abc", 2)
    with reading(engine) as connection:
        assert set(connection.scalars(select(TagUse.slot))) == {0, 1}
        assert not connection.exec_driver_sql(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
        ).all()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_slot_is_taken_again_once_its_writer_is_done(engine: Engine) -> None:
    for number in range(1, 4):
        store_questions(engine, question(number, author_tags=("a",)), now=NOW)
    with reading(engine) as connection:
        kept = connection.execute(select(TagUse.slot, TagUse.uses))
        assert [tuple(row) for row in kept] == [(0, 3)]


def test_the_upgrade_counts_what_is_there_and_the_way_back_leaves_nothing(engine: Engine) -> None:
    store_questions(engine, question(1, author_tags=("a", "b")), now=NOW)
    migrate_to(engine, "0025")
    try:
        store_questions(engine, question(2, author_tags=("a",)), now=NOW)
        store_questions(engine, question(1, author_tags=("c",)), now=NOW)
    finally:  # what the tests share is up to date
        upgrade(engine)
    assert uses(engine) == {"a": 1, "c": 1}
    store_questions(engine, question(3, author_tags=("c",)), now=NOW)
    assert uses(engine) == {"a": 1, "c": 2}
