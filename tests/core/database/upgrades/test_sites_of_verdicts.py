"""Verdicts of before revision 0025, and of a program of before it, have their question's site."""

import sqlite3
from contextlib import closing

from sqlalchemy import Engine, text

from core.database.migrate import upgrade
from tests.conftest import ManualClock
from tests.database_of_before import migrate_to
from tests.rows import question, store_questions


def test_verdicts_get_their_questions_site_also_from_a_review_page_of_before(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    """And one whose question was deleted in a shell, which checks nothing, stops no upgrade."""
    (kept, deleted) = store_questions(
        sqlite_engine, question(1), question(2), now=clock.now()
    ).requested
    migrate_to(sqlite_engine, "0024")
    verdict = text(
        "INSERT INTO verdicts (question_pk, reviewer, tag, verdict, at) "
        "VALUES (:pk, :who, 'anova', 'accepted', '2026-01-01 00:00:00')"
    )
    with sqlite_engine.begin() as connection:
        connection.execute(verdict, [{"pk": pk, "who": "ann"} for pk in (kept, deleted)])
    with closing(sqlite3.connect(str(sqlite_engine.url.database))) as shell, shell:
        shell.execute("DELETE FROM questions WHERE id = ?", [deleted])
    upgrade(sqlite_engine)
    with sqlite_engine.begin() as connection:
        connection.execute(verdict, {"pk": kept, "who": "bob"})
        found = connection.execute(text("SELECT reviewer, site FROM verdicts ORDER BY site"))
        assert found.all() == [("ann", ""), ("ann", "stats"), ("bob", "stats")]
