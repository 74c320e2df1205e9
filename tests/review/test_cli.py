"""`tagger results`, as one types it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine, update
from typer.testing import CliRunner, Result

from core.database.engine import make_engine
from core.database.tables import Prediction
from review.cli import add_commands
from review.results.cursor import SETTLED_AFTER, Place, keep_place
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.review.rows import predict_rows
from tests.rows import insert_prediction, publish_live, question, store_questions

app = typer.Typer()
add_commands(app)


def results(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, ["results", *map(str, arguments)])


@pytest.fixture
def tagged(
    sqlite_engine: Engine, sqlite_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    """Question 1 of the site demo is suggested regression, question 2 nothing."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    version = publish_live(sqlite_engine, word_bundle("demo"), now=clock.now())
    for number, suggested in ((1, ["regression"]), (2, [])):
        store_questions(sqlite_engine, question(number, site="demo"), now=clock.now())
        with sqlite_engine.begin() as connection:
            tags = {"regression": 0.8, "c++": 0.1}
            insert_prediction(
                connection, number, version.id, tags, suggested=suggested, now=clock.now()
            )
        clock.sleep(3600)
    return sqlite_engine


def numbers(*arguments: str | Path) -> list[int]:
    shown = results("--format", "jsonl", *arguments)
    assert shown.exit_code == 0, shown.output
    return [json.loads(line)["question_id"] for line in shown.stdout.splitlines()]


@pytest.mark.usefixtures("tagged")
def test_results_are_chosen_on_the_command_line() -> None:
    assert numbers() == [2, 1]
    assert numbers("--site", "Demo", "--tag", "Regression") == [1]
    assert numbers("--tag", "regression", "--tag", "c++", "--match", "all") == []
    assert numbers("--without-suggestion") == [2]
    assert numbers("--disagrees") == []
    assert numbers("--since", "2026-01-01 01:30 Europe/Berlin") == [2]
    assert numbers("--limit", "1") == [2]


@pytest.mark.usefixtures("tagged")
def test_what_the_results_print_is_taken_for_a_time() -> None:
    told = json.loads(results("--format", "json").stdout)
    for one, expected in zip(told, ([2], [2, 1]), strict=True):
        assert numbers("--since", one["predicted_at"].replace("+00:00", "Z")) == expected
    assert results("--since", "soon").exit_code == 2


@pytest.mark.usefixtures("tagged")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--tag", "regresion"], "the tag 'regresion' (near matches: regression)"),
        (["--site", "demoo"], "Nothing of the site 'demoo' is stored (near matches: demo)"),
        (["--site", "demo", "--site", "nosuch"], "Nothing of the site 'nosuch' is stored."),
    ],
)
def test_misspellings_are_named_with_the_near_ones(wrong: list[str], said: str) -> None:
    refused = results(*wrong)
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert refused.stdout == ""


@pytest.mark.usefixtures("tagged")
def test_a_question_without_a_suggestion_has_no_tag_that_is_asked_for() -> None:
    assert results("--without-suggestion", "--tag", "regression").exit_code == 2


@pytest.mark.usefixtures("tagged")
def test_an_export_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    cursor, exported = tmp_path / "cursor", ""
    for expected in ({"1"}, {"1", "2"}, {"1", "2"}):
        shown = results("--format", "csv", "--limit", "1", "--cursor-file", cursor)
        assert shown.exit_code == 0, shown.output
        exported += shown.stdout
        rows = csv.DictReader(io.StringIO(exported))
        assert {row["question_id"] for row in rows} == expected
    assert exported.count("question_id") == 1


def test_a_header_stands_once_also_where_nothing_was_tagged_at_first(
    tagged: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    with tagged.begin() as connection:
        connection.execute(update(Prediction).values(predicted_at=datetime.now(UTC)))
    asked, exported = ("--format", "csv", "--cursor-file", tmp_path / "cursor"), ""
    for _ in range(2):
        exported += results(*asked).stdout
    assert len(exported.splitlines()) == 1
    with tagged.begin() as connection:
        connection.execute(update(Prediction).values(predicted_at=clock.now()))
    exported += results(*asked).stdout
    assert {row["question_id"] for row in csv.DictReader(io.StringIO(exported))} == {"1", "2"}


@pytest.mark.usefixtures("host_ahead")
def test_an_export_goes_by_the_databases_clock(
    migrated_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", migrated_postgres_url)
    engine, asked = make_engine(migrated_postgres_url), ("--cursor-file", tmp_path / "cursor")
    now = datetime.now(UTC)
    predict_rows(engine, {1: {"anova": 0.9}}, now=now)
    assert numbers(*asked) == []  # a batch of that time may be committed later
    predict_rows(engine, {2: {"anova": 0.9}}, now=now - SETTLED_AFTER * 1.5)
    assert numbers(*asked) == [2]
    engine.dispose()


def test_an_export_loses_nothing_where_the_clock_was_ahead(tagged: Engine, tmp_path: Path) -> None:
    with tagged.begin() as connection:
        recently = datetime.now(UTC) - timedelta(hours=1)
        connection.execute(update(Prediction).values(predicted_at=recently))
    cursor = tmp_path / "cursor"
    keep_place(cursor, Place(datetime.now(UTC) + timedelta(hours=1), 1))
    for expected in ([1, 2], []):
        assert sorted(numbers("--cursor-file", cursor)) == expected


@pytest.mark.usefixtures("tagged")
def test_a_table_says_when_nothing_is_as_asked_for() -> None:
    assert "none of the tagged questions" in results("--since", "2030").stdout


@pytest.mark.usefixtures("sqlite_engine")
def test_a_table_says_when_nothing_is_tagged_yet(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    assert "no question is tagged yet" in results().stdout
