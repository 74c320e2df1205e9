import json
from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from backfill import cli
from backfill import run as backfill_run
from core.errors import BackfillRefused
from tests.backfill.made_up import write_bundle, write_questions, write_tables
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live

app = typer.Typer()
cli.add_commands(app)
app.callback()(lambda: None)  # with one command alone, Typer would take no name for it

pytestmark = pytest.mark.usefixtures("wide_terminal")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["backfill", *map(str, arguments)], env={"COLUMNS": "200"})


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_questions(tmp_path / "a.jsonl", [1, 2])


def test_missing_packages_are_told_with_what_to_type(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "NEEDED", ("pyarrow", "no_such_ray"))
    done = run(questions, "--out", tmp_path / "out", "--site", "stats")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert "not installed here (no_such_ray)" in line
    assert line.endswith('pip install ".[scale]"')


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--site", "stats", "--newest-days", "3"), "say what --load loads"),
        (("--load", "--newest-days", "1000000"), "Invalid value for '--newest-days'"),
        (("--site", "stats", "--address", "ray://10.0.0.1:10001"), "the cluster's own address"),
    ],
)
def test_wrong_usage_has_a_status_of_its_own(
    questions: Path, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    done = run(questions, "--out", tmp_path / "out", *options)
    assert done.exit_code == 2
    assert told in done.stderr


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("-", "standard input is a pipe, and a backfill reads its files twice: save it first."),
        ("gone", "'gone' is not there"),
        (".", "'.' is a folder: name the files in it"),
    ],
)
def test_what_is_no_file_is_told_as_an_import_tells_it(
    tmp_path: Path, file: str, told: str
) -> None:
    packed = write_bundle(tmp_path / "bundle.zip")
    assert told in run(file, "--out", tmp_path / "out", "--model", packed.path).stderr


def test_a_bundle_of_another_site_is_refused_before_anything_is_done(
    questions: Path, tmp_path: Path
) -> None:
    packed = write_bundle(tmp_path / "bundle.zip")
    done = run(questions, "--out", tmp_path / "o", "--model", packed.path, "--site", "cooking")
    assert done.exit_code == 1
    assert "belongs to the site stats, not to cooking" in done.stderr
    assert not (tmp_path / "o").exists()


def test_a_site_without_a_live_model_is_told(
    questions: Path, tmp_path: Path, migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", migrated_sqlite_url)
    done = run(questions, "--out", tmp_path / "out", "--site", "stats")
    assert done.exit_code == 1
    assert "Nothing of the site 'stats' is stored." in done.stderr
    monkeypatch.setenv("TAGGER_SITES", "stats")  # so that it may be without anything
    for site in (("--site", "stats"), ()):
        done = run(questions, "--out", tmp_path / "out", *site)
        assert done.exit_code == 1
        assert "The site stats has no live model." in done.stderr


def test_days_that_no_question_tells_are_refused_before_anything_is_tagged(
    tmp_path: Path, sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = sqlite_engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TAGGER_DATABASE_URL", address)
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    file = write_questions(tmp_path / "a.jsonl", [1], creation_date=None)
    options = ("--site", "stats", "--load", "--newest-days", "3")
    done = run(file, "--out", tmp_path / "out", *options)
    assert done.exit_code == 1
    assert "do not say when their questions were created" in done.stderr
    assert not (tmp_path / "out" / "predictions").exists()


def test_what_the_registry_does_not_hold_is_not_loaded_nor_even_tagged(
    questions: Path, tmp_path: Path, migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", migrated_sqlite_url)
    packed = write_bundle(tmp_path / "bundle.zip")
    done = run(questions, "--out", tmp_path / "out", "--model", packed.path, "--load")
    assert done.exit_code == 1
    assert "The registry holds no model of stats" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("changed", ["tags", "program"])
def test_a_backfill_that_was_cut_off_is_not_resumed_with_another_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    monkeypatch.setattr(backfill_run, "_split", stopped)
    packed = write_bundle(tmp_path / "bundle.zip")
    questions, tags = write_tables(tmp_path)
    command = (questions, "--out", tmp_path / "out", "--model", packed.path)
    assert run(*command).stderr.endswith("cut off\n")
    if changed == "tags":
        tags.write_text("Id,Tag\n2,anova\n")
    else:
        monkeypatch.setattr(backfill_run, "__version__", "99")
    told = {"tags": "of other files (Questions.csv, Tags.csv)", "program": "which is 99 now"}
    assert told[changed] in run(*command).stderr


def test_asked_for_json_it_prints_what_was_done_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = write_bundle(tmp_path / "bundle.zip")
    questions, out = write_questions(tmp_path / "a.jsonl", [1, 2]), tmp_path / "out"
    command = (questions, "--out", out, "--model", packed.path, "--json")
    with monkeypatch.context() as context:
        context.setattr(backfill_run, "_tag", stopped)
        assert run(*command).stdout == ""
    (out / "predictions").mkdir()
    (out / "predictions" / "00000.parquet").touch()  # tagged, as far as a folder shows
    done = run(*command)
    assert json.loads(done.stdout) == {
        "out": str(out),
        "site": "stats",
        "model_sha256": packed.sha256,
        "shards": 1,
        "questions": 2,
        "broken": 0,
        "repeated": 0,
        "shards_tagged": 0,
        "failed": 0,
        "loaded": None,
    }
    assert "All predictions are in" in done.stderr


def stopped(*_arguments: object) -> None:
    raise BackfillRefused("cut off")
