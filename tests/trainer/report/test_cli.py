"""`tagger models report`, as one types it, on a database of either kind."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from typer.testing import CliRunner, Result

from core.questions.training_lock import DIED, training_lock
from tagger import make_app
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish, question, store_questions
from trainer.report.store import store_report
from trainer.runs.rows import end_run, start_run

ROOT = Path(__file__).parents[3]

HTML = "<!doctype html><p>run {run}</p>"


@pytest.fixture
def runs(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[int]]:
    """Runs of stats: one that was promoted, one that failed, one that goes on."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    address = engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TAGGER_DATABASE_URL", address)
    with engine.begin() as connection:
        version = publish(connection, word_bundle(), now=clock.now())
        made = start_run(connection, "stats", now=clock.now())
        end_run(
            connection,
            made,
            "promoted",
            now=clock.now(),
            decision="better",
            model_version_id=version.id,
        )
        failed = start_run(connection, "stats", now=clock.now())
        end_run(connection, failed, "failed", now=clock.now(), error="It did not [bold]learn")
        for run in (made, failed):
            store_report(connection, run, HTML.format(run=run))
        numbers = [made, failed, start_run(connection, "stats", now=clock.now())]
    with training_lock(engine, "stats"):
        yield numbers


def report(*arguments: str, site: str = "stats") -> Result:
    return CliRunner().invoke(make_app(), ["models", "report", "--site", site, *arguments])


def test_the_newest_report_is_written_where_it_says(runs: list[int]) -> None:
    path = Path(f"data/reports/stats-run-{runs[1]}.html")
    assert report().stdout == f"The report of run {runs[1]}: {path}\n"
    assert path.read_text() == HTML.format(run=runs[1])


@pytest.mark.parametrize("by", ["run", "version"])
def test_another_is_written_to_the_file_one_names(runs: list[int], by: str) -> None:
    which = [str(runs[0])] if by == "run" else ["--version", "1"]
    assert report(*which, "--out", "new/mine.html").exit_code == 0
    assert Path("new/mine.html").read_text() == HTML.format(run=runs[0])


def test_a_report_goes_through_a_pipe(runs: list[int]) -> None:
    assert report("--out", "-").stdout == HTML.format(run=runs[1])
    assert not Path("data").exists()
    assert not Path("-").exists()


def test_runs_are_listed(runs: list[int]) -> None:
    head, made, failed, running = report("--list").stdout.splitlines()
    assert head.split() == ["run", "version", "started", "outcome", "report", "why"]
    assert made.split() == [str(runs[0]), "1", "2026-01-01", "00:00", "promoted", "yes", "better"]
    assert failed.rstrip().endswith("It did not [bold]learn")
    assert running.split() == [str(runs[2]), "2026-01-01", "00:00", "running"]


@pytest.mark.usefixtures("runs")
def test_a_run_that_was_killed_runs_no_more_and_has_a_report(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(1, site="cooking"), now=clock.now())
    with engine.begin() as connection:
        killed = start_run(connection, "cooking", now=clock.now())
    last = report("--list", site="cooking").stdout.splitlines()[-1]
    assert last.rstrip().split(maxsplit=4) == [str(killed), "2026-01-01", "00:00", "failed", DIED]
    (*_, told) = json.loads(report("--json", site="cooking").stdout)
    assert told == {
        "run": killed,
        "started_at": "2026-01-01T00:00:00+00:00",
        "outcome": "failed",
        "version": None,
        "note": DIED,
        "has_report": False,
    }
    assert DIED in report("--out", "-", site="cooking").stdout


def test_a_run_without_a_report_is_one_line(runs: list[int]) -> None:
    refused = report(str(runs[2]))
    assert refused.exit_code == 1
    assert refused.stderr == (
        f"tagger: The site stats has no report of a training run {runs[2]}. Show its runs with: "
        "tagger models report --site stats --list\n"
    )


@pytest.mark.usefixtures("runs")
def test_a_folder_that_cannot_be_written_is_one_line() -> None:
    Path("data").mkdir(exist_ok=True)
    Path("data/reports").write_text("a file")
    refused = report()
    assert refused.exit_code == 1
    assert refused.stderr.startswith("tagger: The report cannot be written to data/reports/stats-")
    assert refused.stderr.count("\n") == 1


def test_a_database_that_goes_away_is_one_line(
    runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(connection: Connection, *_: object, **__: object) -> None:
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.set_progress_handler(lambda: 1, 1)
            connection.execute(text("SELECT count(*) FROM training_runs"))
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    monkeypatch.setattr("trainer.report.cli.load_report", lose)
    refused = report(str(runs[0]))
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    reasons = ("interrupted", "terminating connection due to administrator command")
    assert any(f"cannot be used: {reason}" in refused.stderr for reason in reasons)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.usefixtures("runs")
def test_it_is_opened_in_the_browser_unless_that_is_not_wanted(
    tmp_path: Path, *, wanted: bool
) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    subprocess.run(
        [
            *(sys.executable, "-m", "tagger", "models", "report", "--site", "stats"),
            *("--out", "mine.html", "--open" if wanted else "--no-open"),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT), "BROWSER": f"{browser} %s"},
        check=True,
        capture_output=True,
    )
    assert opened.exists() == wanted
    if wanted:
        assert opened.read_text() == f"{(tmp_path / 'mine.html').as_uri()}\n"
