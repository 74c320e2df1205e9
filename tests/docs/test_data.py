"""The SQL that the documents show, on both databases."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text

from core.database.engine import reading
from core.database.review_tables import Verdict
from core.database.tables import Table
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
