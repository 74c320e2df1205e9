"""The SQL that the documents show, on both databases."""

import re
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text

from core.database.engine import reading
from core.database.review_tables import Verdict
from core.database.tables import Question, Table, TaggingRequest
from tests.conftest import ManualClock
from tests.review.rows import predict_rows

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "docs/data.md"


def queries(document: Path) -> list[str]:
    return re.findall(r"^```sql\n(.*?);\n```$", document.read_text(), re.MULTILINE | re.DOTALL)


def ask(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def reviewed(engine: Engine, clock: ManualClock) -> Engine:
    """Two questions: of one, the author has the suggested tag, of the other, a reviewer rejects."""
    tags = {1: {"anova": 0.9, "r": 0.8}, 2: {"regression": 0.7}, 3: {"anova": 0.6}}
    authors = {1: ["anova"], 2: ["regression"], 3: ["r"]}
    keys = predict_rows(engine, tags, now=clock.now(), authors=authors)
    with engine.begin() as connection:
        verdict = {"reviewer": "ann", "verdict": "rejected", "settles": False, "at": clock.now()}
        connection.execute(
            insert(Verdict).values(
                verdict | {"question_pk": keys[3], "site": "stats", "tag": "anova"}
            )
        )
    return engine


@pytest.mark.parametrize("query", queries(DATA))
def test_it_runs(engine: Engine, query: str) -> None:
    ask(engine, query)


def test_the_five_queries_worth_having_stand_in_the_readme_too() -> None:
    assert len(queries(DATA)) == 5
    assert queries(ROOT / "README.md") == queries(DATA)


def test_they_answer_what_they_promise(reviewed: Engine) -> None:
    newest, missing, disputed, _, waiting = (ask(reviewed, query) for query in queries(DATA))
    assert [row[2] for row in newest] == ["anova", "r", "regression", "anova"]
    assert [row[2] for row in missing] == ["r"]
    assert disputed == [("anova", 1, 1)]
    assert waiting == []


def test_every_table_has_its_line() -> None:
    for name in Table.metadata.tables:
        assert f"\n| `{name}` | " in DATA.read_text()


def test_what_waits_is_told_with_what_is_parked_and_since_when(
    reviewed: Engine, clock: ManualClock
) -> None:
    *_, waiting = queries(DATA)
    now = clock.now()
    asked = [(5, None), (3, None), (9, now)]  # minutes ago, parked
    with reviewed.begin() as connection:
        keys = connection.scalars(select(Question.id).order_by(Question.question_id)).all()
        for key, (minutes, parked) in zip(keys, asked, strict=True):
            request = {"question_pk": key, "site": "stats", "priority": 0}
            request |= {"requested_at": now - timedelta(minutes=minutes), "parked_at": parked}
            connection.execute(insert(TaggingRequest).values(request))
    ((site, count, new_since, backfill_since),) = ask(reviewed, waiting)
    assert (site, int(str(count)), backfill_since) == ("stats", 3, None)
    since = new_since if isinstance(new_since, datetime) else f"{new_since}+00:00"
    assert datetime.fromisoformat(str(since)) == now - timedelta(minutes=5)


# A day of a version is one row of live agreement, whatever a site's size.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("query", [one for one in queries(DATA) if "live_agreement" not in one])
def test_they_take_no_longer_at_a_site_that_has_grown(
    engine: Engine, clock: ManualClock, query: str
) -> None:
    """Steps of SQLite's machine, with more suggestions and verdicts than a query looks at."""
    steps: list[int] = []
    for first, last in ((1, 1_501), (1_501, 4_501)):
        for start in range(first, last, 100):
            grow(engine, range(start, start + 100), at=clock.now())
            clock.sleep(60)
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))
        steps.append(steps_of(engine, query))
    assert steps[1] < 1.2 * steps[0]


def grow(engine: Engine, numbers: range, *, at: datetime) -> None:
    """Add tagged questions, a verdict on each, and a request to tag it again."""
    keys = predict_rows(engine, {number: {"anova": 0.9, "r": 0.8} for number in numbers}, now=at)
    verdict = {"site": "stats", "reviewer": "ann", "tag": "anova", "at": at}
    verdict |= {"verdict": "accepted", "settles": False}
    request = {"site": "stats", "priority": 1, "requested_at": at}
    with engine.begin() as connection:
        connection.execute(
            insert(Verdict), [verdict | {"question_pk": key} for key in keys.values()]
        )
        connection.execute(
            insert(TaggingRequest), [request | {"question_pk": key} for key in keys.values()]
        )


def steps_of(engine: Engine, query: str) -> int:
    """Steps of SQLite's machine, in hundreds."""
    counted = [None] * 10  # what is less than a thousand tells nothing
    with reading(engine) as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(lambda: counted.append(None), 100)
        try:
            connection.execute(text(query)).all()
        finally:
            raw.set_progress_handler(None, 0)
    return len(counted)
