import gzip
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from core.clock import SystemClock
from core.database.engine import reading
from core.database.tables import Question
from core.errors import ImportFailed
from core.questions.files import BrokenRow, Row, read_questions
from core.questions.store import store
from importer.load import BATCH_QUESTIONS, Tally, import_rows
from tests.conftest import ManualClock
from tests.processes import is_waited_for, wait_until
from tests.rows import find_request, question, row, store_questions


def import_all(engine: Engine, rows: Iterable[Row]) -> tuple[Tally, list[BrokenRow]]:
    broken: list[BrokenRow] = []
    return import_rows(engine, rows, clock=SystemClock(), on_broken=broken.append), broken


def test_an_older_row_undoes_no_later_activity(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    import_all(engine, [question(1, "new", last_activity_at=now)])
    tally, _ = import_all(engine, [question(1, "old", last_activity_at=now - timedelta(days=1))])
    assert (tally.changed, tally.unchanged) == (0, 1)
    assert row(engine, 1).title == "new"


def test_the_keys_to_enqueue_are_told_site_by_site_after_each_batch(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    told: list[tuple[str, int]] = []

    def enqueue(site: str, pks: Sequence[int]) -> None:
        with reading(sqlite_engine) as connection:
            stored = select(func.count()).where(Question.id.in_(pks), Question.site == site)
            assert connection.execute(stored).scalar_one() == len(pks)
        told.append((site, len(pks)))

    rows = [question(number) for number in range(BATCH_QUESTIONS + 1)]
    rows.append(question(1, site="cooking"))
    import_rows(sqlite_engine, rows, clock=clock, request_tagging=True, on_requested=enqueue)
    assert told == [("stats", BATCH_QUESTIONS), ("stats", 1), ("cooking", 1)]


def test_what_was_read_before_a_file_failed_is_stored(sqlite_engine: Engine) -> None:
    def rows() -> Iterator[Row]:
        yield question(1)
        yield BrokenRow("q.jsonl", 2, "no title")
        raise ImportFailed("q.jsonl is cut short")

    tally, broken = import_all(sqlite_engine, rows())
    assert (tally.new, tally.broken, tally.failure) == (1, 1, "q.jsonl is cut short")
    assert [item.line for item in broken] == [2]
    assert find_request(sqlite_engine, 1) is None


@pytest.mark.real
@pytest.mark.parametrize(
    ("site", "questions", "tags", "labels"),
    [
        ("cooking", 15_404, 736, 35_542),
        ("crypto", 10_432, 392, 25_484),
        ("robotics", 2_771, 231, 6_520),
    ],
)
def test_real_sites_are_imported_whole(
    engine: Engine, real_data: Path, site: str, questions: int, tags: int, labels: int
) -> None:
    tally, broken = import_all(engine, read_questions(real_data / f"{site}.jsonl.gz", site=site))
    assert (tally.new, tally.repeated, broken) == (questions, 0, [])
    with reading(engine) as connection:
        lists = connection.scalars(select(Question.author_tags)).all()
    found = Counter(tag for one in lists for tag in one)
    assert (len(found), found.total()) == (tags, labels)


@pytest.mark.real
def test_a_real_data_dump_is_imported_whole(engine: Engine, real_data: Path) -> None:
    path = real_data / "ai-Posts.xml.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        questions = sum('PostTypeId="1"' in row for row in file)
    tally, broken = import_all(engine, read_questions(path, site="ai"))
    assert (tally.new, broken) == (questions, [])
    with reading(engine) as connection:
        dated = select(func.count()).where(
            Question.created_at.is_not(None),
            Question.last_activity_at >= Question.created_at,
            Question.score.is_not(None),
            Question.owner.is_not(None),
        )
        title = select(Question.title).where(Question.question_id == 1)
        assert connection.scalar(title) == 'What is "backprop"?'
        assert connection.scalar(dated) == questions


@pytest.mark.parametrize("long", ["body", "link", "owner", "licence"])
def test_long_questions_are_stored_before_many_wait(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, long: str
) -> None:
    """Of all sites together: five hundred of the longest would be gigabytes."""
    monkeypatch.setattr("importer.load.BATCH_CHARACTERS", 5000)
    told: list[tuple[str, int]] = []
    changes = {"body": "", long: "x" * 300}
    rows = [question(n, "t", **changes, site=site) for n in (1, 2, 3) for site in ("a", "b")]
    import_rows(
        sqlite_engine,
        rows,
        clock=clock,
        request_tagging=True,
        on_requested=lambda site, pks: told.append((site, len(pks))),
    )
    assert told == [("a", 2), ("b", 2), ("a", 1), ("b", 1)]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_deadlock_with_who_stores_the_same_questions_ends_no_import(
    engine: Engine, clock: ManualClock
) -> None:
    """As with a poller that fetches the site's history."""
    is_locked, polling = threading.Event(), list[Future[None]]()
    has_begun = False

    def poll() -> None:
        with engine.begin() as connection:
            known = select(Question.id).where(Question.question_id == 2)
            connection.execute(known.with_for_update()).one()
            connection.exec_driver_sql("SET LOCAL deadlock_timeout = '600s'")
            is_locked.set()
            store(connection, [question(1)], now=clock.now(), request_tagging=False)

    def begin_to_poll(_: object, cursor: Any, statement: str, *__: object) -> None:
        nonlocal has_begun
        if statement.startswith("INSERT INTO questions") and not has_begun:
            has_begun = True
            store_questions(engine, question(1), question(2), now=clock.now())
            cursor.execute("SELECT FROM questions WHERE question_id = 1 FOR UPDATE")
            polling.append(pool.submit(poll))
            assert is_locked.wait(60)
            wait_until(lambda: is_waited_for(engine), seconds=60, what="it waits for the import")
            cursor.execute("SET LOCAL deadlock_timeout = '10ms'")  # who waits last finds it

    event.listen(engine, "before_cursor_execute", begin_to_poll)
    with ThreadPoolExecutor(1) as pool:
        tally, _ = import_all(engine, [question(1), question(2)])
    polling[0].result()
    assert tally.imported == 2
