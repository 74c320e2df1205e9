"""Each command that has `--json` prints one JSON document for programs, and nothing else."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert
from typer.testing import CliRunner, Result

import tagger
from core.database.tables import TrainingRun
from demo.standin.api import StandIn
from demo.standin.server import StandInServer
from demo.standin.timeline import Release, site_of
from tests.commands import all_commands
from tests.json_rows import GOOD, write
from tests.poller.simulation import made_up_questions
from tests.trainer.versions.published import publish_two

# A line each, and a key of what it answers; on a database with two models of stats. In this order.
LINES = {
    "status --json": "health",
    "doctor --json --offline": "findings",
    "models promote --site stats 1 --json": "asked_again",
    "models promote --site stats 2 --json": "before",
    "models rollback --site stats --json": "live",
    "models list --json": "promotions",
    "models export --site stats 1 --json": "sha256",
    "models export-runs --site stats --json": "runs",
    "models show --json --site stats 1": "manifest",
    "models diff --site stats 1 2 --json": "figures",
    "models tune --site stats 1 --precision 0.9 --json": "compared",
    "models import model.zip --json": "is_new",
    "models prune --site stats --keep 2 --json": "pruned",
    "models prune-predictions --site stats --json": "deleted",
    "tag --site stats --all --json": "pending",
    "suggest regression --site stats --json": "tags",
    "import questions.jsonl --json": "together",
    "parked list --json": "",
    "parked release --json": "released",
    "reviewers add maria --json": "link",
    "reviewers list --json": "name",
    "webhooks add http://127.0.0.1:9/hook --site stats --json": "secret",
    "webhooks list --json": "wanted",
    "webhooks retry 1 --json": "sent_again",
    "db upgrade --json": "revision",
    "db backup other.gz --json": "bytes",
    "db check backup.gz --json": "rows",
    "poll --once --json": "sites",
    "history --site stats --json": "remaining",
    "train --site stats --new-questions 5000 --json": "outcome",  # for want of questions it skips
    "models report --site stats --json": "outcome",
}

# What they print is tried where they have what they take: an empty database, a receiver, a corpus.
ELSEWHERE = {"db restore", "webhooks test", "compare", "backfill"}

# These serve until they are stopped, do as they are told and end with 0, or write tables and texts.
WITHOUT = {
    "demo", "demo-site", "stand-in", "up", "worker", "scheduler", "review",
    "reviewers remove", "webhooks remove", "results", "models tags",
}  # fmt: skip


@pytest.fixture
def api() -> Iterator[str]:
    now = time.time()
    release = Release(
        history_share=0.9, history_days=2, history_answered=0, per_minute=600, delay=0
    )
    site = site_of("stats", made_up_questions(20), start=now, release=release)
    with StandInServer(StandIn([site], start=now)) as server:
        yield f"{server.url}/2.3"


def run(line: str) -> Result:
    return CliRunner().invoke(tagger.make_app(), line.split())


@pytest.mark.slow(20)
def test_a_command_that_is_asked_for_json_prints_nothing_else(
    sqlite_engine: Engine,
    sqlite_url: str,
    redis_url: str,
    api: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "DATABASE_URL": sqlite_url,
        "BROKER_URL": redis_url,
        "API_URL": api,
        "SITES": "stats",
        "HISTORY_QUESTIONS": "10",
    }.items():
        monkeypatch.setenv(f"TAGGER_{name}", value)
    publish_two(sqlite_engine, thresholds=(2.0, 0.5, 0.5, 0.5, 0.5, 0.5))
    run_before = {"site": "stats", "started_at": datetime(2026, 1, 1, tzinfo=UTC)}
    with sqlite_engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(outcome="published", **run_before))
    for line in ("models export --site stats 2 --out model.zip", "db backup backup.gz"):
        assert run(line).exit_code == 0
    write(tmp_path / "questions.jsonl", GOOD | {"question_id": 9000})
    for line, key in LINES.items():
        done = run(line)
        assert done.exit_code in ((0, 1, 2) if line.startswith(("status", "doctor")) else (0,)), (
            f"{line}: {done.output}"
        )
        told = json.loads(done.stdout)
        assert "\x1b" not in done.stdout
        assert key in (told or {"": 0} if isinstance(told, dict) else _first(told)), line


def _first(told: list[Any]) -> Any:
    return told[0] if told else {"": "none"}


def test_every_command_is_one_of_these() -> None:
    with_json = {str(command) for command in all_commands() if "--json" in command.options}
    named = {name for name in with_json if any(line.startswith(f"{name} ") for line in LINES)}
    assert with_json - ELSEWHERE == named
    assert {str(command) for command in all_commands()} - with_json == WITHOUT
