"""How many questions each site has, and how many of them are tagged, pending and open."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, text

from core.database.engine import reading
from core.database.migrate import upgrade
from core.database.review_tables import QueuedQuestion
from core.questions.store import store
from core.service.counts import Counts, count_by_site, count_open
from tests.conftest import ManualClock
from tests.database_of_before import migrate_to
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions

COUNT = 600


@pytest.fixture
def filled(engine: Engine, clock: ManualClock) -> Engine:
    """Of 600 questions of one site every third is tagged and every second pending; 30 others."""
    version = publish_live(engine, word_bundle(), now=clock.now())
    some = [question(number) for number in range(COUNT)]
    pks = store_questions(engine, *some[::2], now=clock.now()).requested
    store_questions(engine, *some[1::2], now=clock.now(), request_tagging=False)
    others = [question(number, site="cooking") for number in range(30)]
    pks_of_others = store_questions(engine, *others, now=clock.now()).requested
    entered = {"site": "stats", "model_version_id": version.id, "predicted_at": clock.now()}
    with engine.begin() as connection:
        keys = connection.execute(
            text("SELECT id FROM questions WHERE site = 'stats' ORDER BY id")
        ).scalars()
        rows = [entered | {"question_pk": pk} for pk in [*keys][::3]]
        rows += [entered | {"site": "cooking", "question_pk": pk} for pk in pks_of_others[:7]]
        connection.execute(insert(QueuedQuestion), rows)
    assert len(pks) == COUNT // 2
    return engine


def counted(engine: Engine, parked: Mapping[str, int] | None = None) -> list[Counts]:
    sites = ["stats", "cooking", "none"]
    with reading(engine) as connection:
        found = count_by_site(connection, sites, parked or {})
    return [found[site] for site in sites]


def test_each_site_s_numbers_are_those_of_its_rows(filled: Engine) -> None:
    assert counted(filled) == [Counts(COUNT, COUNT // 3, COUNT // 2), Counts(30, 7, 30), Counts()]
    with filled.begin() as connection:
        connection.execute(text("DELETE FROM questions WHERE question_id < 6"))
        connection.execute(text("DELETE FROM tagging_requests WHERE site = 'cooking'"))
    gone = [Counts(COUNT - 6, COUNT // 3 - 2, COUNT // 2 - 3), Counts(24, 1, 0), Counts()]
    assert counted(filled) == gone


def test_parked_questions_are_not_pending(filled: Engine) -> None:
    assert counted(filled, parked={"stats": 10, "none": 1})[0].pending == COUNT // 2 - 10
    assert counted(filled, parked={"stats": 10, "none": 1})[2] == Counts()


def test_a_question_that_is_stored_or_requested_again_counts_once(
    filled: Engine, clock: ManualClock
) -> None:
    again = [question(number, "Another title") for number in range(COUNT // 2)]
    store_questions(filled, *again, now=clock.now())
    pending = COUNT // 2 + COUNT // 4
    assert counted(filled)[0] == Counts(COUNT, COUNT // 3, pending)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_writers_of_one_site_wait_for_nobody(engine: Engine, clock: ManualClock) -> None:
    with engine.connect() as one, engine.connect() as other:
        for number, connection in enumerate((one, other)):
            connection.exec_driver_sql("SET LOCAL lock_timeout = 500")
            given = [question(number, author_tags=())]
            store(connection, given, now=clock.now(), request_tagging=True)
        other.commit()
        one.rollback()
    assert counted(engine)[0] == Counts(1, 0, 1)


def test_the_upgrade_counts_what_is_there(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(1), now=clock.now())
    migrate_to(engine, "0027")
    try:
        store_questions(engine, question(2), question(3, site="cooking"), now=clock.now())
    finally:  # what the tests share is up to date
        upgrade(engine)
    assert counted(engine) == [Counts(2, 0, 2), Counts(1, 0, 1), Counts()]


def test_open_are_those_of_the_queue_that_want_more_reviews(filled: Engine) -> None:
    """200 questions of one site are in it, 50 of them reviewed; and 7 of another."""
    some = "(SELECT question_pk FROM review_queue WHERE site = 'stats' LIMIT 50)"
    with filled.begin() as connection:
        connection.execute(text(f"UPDATE review_queue SET reviews = 1 WHERE question_pk IN {some}"))
        found = count_open(connection, ["stats", "cooking", "none"])
    assert found == {"stats": 150, "cooking": 7, "none": 0}


def test_no_statement_reads_all_rows_of_the_queue(filled: Engine) -> None:
    sent: list[tuple[str, Any]] = []
    event.listen(filled, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with filled.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
        sent.clear()
        count_open(connection, ["stats", "cooking"])
        asked = [one for one in sent if "review_queue" in one[0]]
        if filled.dialect.name != "sqlite":  # which reads so few rows as a whole otherwise
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if filled.dialect.name == "sqlite" else "EXPLAIN"
        plans = [
            "\n".join(map(str, connection.exec_driver_sql(f"{explain} {statement}", given)))
            for statement, given in asked
        ]
    assert len(plans) == 1
    assert "ix_review_queue_reviewed" in plans[0]
