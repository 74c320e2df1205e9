"""The commands of the database, and what all commands say of one that they do not know."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine, func, inspect, select
from typer.testing import CliRunner, Result

import tagger
from core.clock import SystemClock
from core.database.engine import make_engine, reading
from core.database.tables import Question
from ops.cli import SERVICES
from tests.conftest import ManualClock, free_port
from tests.processes import environment, run_tagger
from tests.rows import question, store_questions


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(tagger.make_app(), arguments)


@pytest.fixture(autouse=True)
def the_database(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TAGGER_SITES", "stats")


def test_upgrading_makes_the_tables_of_an_empty_database(sqlite_url: str) -> None:
    for _ in range(2):  # the second time there is nothing to do
        found = run("db", "upgrade")
        assert found.exit_code == 0
        assert found.stdout.endswith("are up to date.\n")
    engine = make_engine(sqlite_url)
    assert "questions" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.slow
def test_upgrading_gives_sites_the_apis_names(sqlite_engine: Engine, clock: ManualClock) -> None:
    old = (question(1), question(1, site="Stats"), question(2, site="Stats"))
    store_questions(sqlite_engine, *old, now=clock.now(), request_tagging=False)
    assert "Stats is stats, under a name of before: tagger db upgrade" in run("status").stdout
    told = "Stats is called stats now: 2 questions, 1 of which were there under both names."
    assert told in run("db", "upgrade").stdout
    assert "Stats" not in run("db", "upgrade").stdout.replace("tagger.sqlite3", "")


def test_upgrading_warns_of_names_in_the_compositions_file(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("TAGGER_POLL_SECOND=60\nPOSTGRES_PASSWORD=hush\n")
    found = run("db", "upgrade", "--env-file", str(tmp_path / "env"))
    assert found.exit_code == 0
    assert "is TAGGER_POLL_SECONDS meant?" in found.stderr
    assert "hush" not in found.output


def test_upgrading_waits_for_a_database_as_long_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", f"postgresql://u@127.0.0.1:{free_port()}/none")
    waited: list[float] = []
    monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: waited.append(seconds))
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: sum(waited))
    assert run("db", "upgrade").exit_code == 1
    assert waited == []
    assert run("db", "upgrade", "--wait", "20").exit_code == 1
    assert 20 <= sum(waited) <= 25


def test_a_backup_is_taken_checked_and_brought_back(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store_questions(sqlite_engine, question(1), question(2), now=clock.now())
    file = str(tmp_path / "a[b].gz")  # which Rich would take for markup
    taken = run("db", "backup", file)
    assert taken.exit_code == 0, taken.output
    assert f"{file}, read back and whole." in taken.stdout
    assert "exists; overwrite it with --force" in run("db", "backup", file).stderr
    made = run("db", "backup", file, "--force", "--without-models", "--json")
    assert json.loads(made.stdout)["bytes"] == Path(file).stat().st_size
    assert json.loads(made.stdout)["header"]["models"] is False
    assert run("db", "backup", "-", "--json").exit_code == 2
    checked = run("db", "check", file)
    assert checked.stdout.startswith("A whole backup: ")
    assert "without models, as of 2" in checked.stdout
    refused = run("db", "restore", file)
    assert refused.exit_code == 1
    assert "holds rows already" in refused.stderr
    monkeypatch.setenv("TAGGER_DATABASE_URL", f"sqlite:///{tmp_path / 'new' / 'copy.sqlite3'}")
    restored = run("db", "restore", file)
    assert restored.exit_code == 0, restored.output
    assert "UTC are in sqlite:///" in restored.stdout
    again = run("db", "restore", file, "--replace", "--json")
    assert json.loads(again.stdout)["rows"]["questions"] == 2
    copy = make_engine(os.environ["TAGGER_DATABASE_URL"])
    with reading(copy) as connection:
        assert connection.scalar(select(func.count()).select_from(Question)) == 2
    copy.dispose()


@pytest.mark.parametrize(
    ("content", "told"), [(None, "cannot be read: No such file"), (b"text", "is no backup")]
)
@pytest.mark.parametrize("name", ["check", "restore"])
def test_a_file_that_is_none_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    file = tmp_path / "b.gz"
    if content is not None:
        file.write_bytes(content)
    found = run("db", name, str(file))
    assert found.exit_code == 1
    assert told in found.stderr
    assert len(found.stderr.splitlines()) == 1
    if content is None:
        assert list(tmp_path.iterdir()) == []  # no folder for a database is made


@pytest.mark.slow(8)
def test_backups_go_through_pipes(
    sqlite_engine: Engine, clock: ManualClock, sqlite_url: str, tmp_path: Path
) -> None:
    store_questions(sqlite_engine, question(1), now=clock.now())
    piped = subprocess.run(
        f"python -m tagger db backup - | TAGGER_DATABASE_URL=sqlite:///{tmp_path / 'copy'} "
        "python -m tagger db restore -",
        shell=True, executable="/bin/bash", capture_output=True, text=True, check=False,
        env=_with_python(environment(database_url=sqlite_url)),
    )  # fmt: skip
    assert piped.returncode == 0, piped.stderr
    assert "rows of" in piped.stdout
    cut = run_tagger("db", "check", "-", env=environment(database_url=sqlite_url))
    assert cut.returncode == 1  # an empty standard input
    assert cut.stderr.startswith("tagger: ")


def _with_python(env: dict[str, str]) -> dict[str, str]:
    return {**env, "PATH": f"{Path(sys.executable).parent}:{env.get('PATH', '')}"}


# What every command that asks the database is called with.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "up": (), "status": (), "db upgrade": (), "db backup": ("new.gz",), "poll": (),
    "history": ("--site", "stats"), "worker": (), "scheduler": (), "review": (),
    "import": ("q.jsonl", "--site", "stats"), "train": ("--site", "stats"),
    "tag": ("--site", "stats"), "suggest": ("text",), "results": (),
    "compare": ("--site", "stats"), "parked list": (), "parked release": (),
    "models list": (), "models show": ("--site", "stats"), "models prune": ("--site", "stats"),
    "reviewers add": ("ann",), "reviewers list": (), "webhooks list": (),
}  # fmt: skip


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_newer_database_is_refused_in_one_line_by_every_command(
    sqlite_engine: Engine, name: str, tmp_path: Path
) -> None:
    (tmp_path / "q.jsonl").write_text('{"question_id": 1, "title": "a", "body": "b"}\n')
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    found = run(*name.split(), *ARGUMENTS[name])
    assert found.exit_code == (2 if name == "status" else 1), found.output  # 1: degraded
    assert "revision 9999, which this version of the program does not know" in found.stderr
    assert len(found.stderr.strip().splitlines()) == 1
    assert found.exception is None or isinstance(found.exception, SystemExit)


def test_the_services_are_among_them() -> None:
    commands = typer.main.get_command(tagger.make_app()).commands  # type: ignore[attr-defined]
    assert {command[3] for command in SERVICES.values()} <= set(ARGUMENTS) & set(commands)
