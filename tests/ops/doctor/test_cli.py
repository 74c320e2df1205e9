"""The command as an operator, a script and a container's check call it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

import tagger
from core.settings import Settings
from ops.doctor.context import CheckContext
from ops.doctor.examine import CHECKS, examine
from ops.doctor.finding import EXIT_STATUS, Finding, worst
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.ops.doctor.conftest import Look, check_fix
from tests.rows import give_signs, publish_live


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(
        tagger.make_app(["ops"]), ["doctor", *arguments]
    )


@pytest.mark.slow(2)
def test_where_nothing_is_there_all_is_told_and_nothing_made(tmp_path: Path) -> None:
    done = run("--offline", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["severity"]) == (2, "error")
    findings = [Finding(**one) for one in told["findings"]]
    assert {one.subject for one in findings} == {"settings", *CHECKS}
    for one in findings:
        check_fix(one)
    severities = [EXIT_STATUS[one.severity] for one in findings]
    assert severities == sorted(severities, reverse=True)
    assert list(tmp_path.iterdir()) == []
    (broker,) = (one for one in findings if one.subject == "broker")
    assert broker.fix == "Start the service, which brings it: tagger up"  # that of the program


@pytest.mark.usefixtures("wide_terminal")
def test_people_see_each_fault_once_with_its_fix(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_BROKER_URL", redis_url)
    shown = run("--offline").stdout
    assert shown.count("not checked: the database cannot be read") == 1
    assert "→ Set TAGGER_DATA_DIR or TAGGER_DATABASE_URL" in shown


@pytest.mark.slow(3)
def test_a_service_that_is_well_ends_with_0_and_a_warning_with_1(
    sqlite_engine: Engine, sqlite_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TAGGER_BROKER_URL", redis_url)
    publish_live(sqlite_engine, word_bundle(), now=datetime.now(UTC))
    parts = ("tagging@a", "training@a", "scheduler@a", "poller@a")
    give_signs(sqlite_engine, dict.fromkeys(parts, 1), now=datetime.now(UTC))

    def told() -> tuple[int, list[str]]:
        done = run("--offline", "--json")
        wrong = [one for one in json.loads(done.stdout)["findings"] if one["severity"] != "ok"]
        return done.exit_code, [one["seen"] for one in wrong]

    status, seen = told()
    assert (status, len(seen)) == (1, 1)
    assert seen[0].startswith("Redis keeps nothing on its disk")  # the tests' own
    monkeypatch.setitem(CHECKS, "broker", lambda _: iter(()))
    assert told() == (0, [])
    monkeypatch.setenv("TAGGER_POL_SECONDS", "5")
    assert told()[0] == 1


def test_a_wrong_setting_is_all_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_POLL_SECONDS", "abc")
    file = tmp_path / "other.env"
    file.write_text("TAGGER_SITE=stats\n")
    done = run("--json", "--env-file", str(file))
    wrong, misspelt = json.loads(done.stdout)["findings"]
    assert done.exit_code == 2
    assert wrong["seen"].startswith("TAGGER_POLL_SECONDS: it takes a number from 1 to 86,400")
    assert wrong["fix"] == "Correct it in the environment or in .env."
    assert misspelt["seen"].startswith("TAGGER_SITE (in ")
    assert "is TAGGER_SITES meant?" in misspelt["fix"]


def test_a_check_that_fails_is_a_finding_and_others_go_on(clock: ManualClock) -> None:
    def broken(_: CheckContext) -> Any:
        raise ZeroDivisionError("a bug")

    checks = {"first": broken, "disk": CHECKS["disk"]}
    first, *others = examine(CheckContext(Settings(), clock), checks)
    assert (first.subject, first.severity) == ("first", "error")
    assert first.seen == "the check itself failed: ZeroDivisionError: a bug"
    check_fix(first)
    assert [one.subject for one in others] == ["disk"]


@pytest.mark.parametrize(
    ("free", "severity", "told"),
    [
        (10**8, "error", "100 MB of 100.0 GB are free at "),
        (10**9, "warning", "1.0 GB of 100.0 GB are free at "),
        (9 * 10**10, "ok", "90.0 GB of 100.0 GB are free at "),
    ],
)
def test_a_disk_that_is_nearly_full_is_told(
    look: Look, monkeypatch: pytest.MonkeyPatch, free: int, severity: str, told: str
) -> None:
    """No test fills a disk: what the system says of it is all that is made up."""
    usage = (10**11, 10**11 - free, free)
    monkeypatch.setattr("ops.doctor.machine.shutil.disk_usage", lambda _: usage)
    (found,) = look("disk")
    assert found.severity == severity
    assert told in found.seen
    assert ("below 200 MB a write may fail" in found.seen) == (severity == "error")


def test_the_worst_finding_is_the_exit_status() -> None:
    assert worst([]) == "ok"
    assert worst([Finding("a", "warning", ""), Finding("b", "ok", "")]) == "warning"
    assert EXIT_STATUS == {"ok": 0, "warning": 1, "error": 2}
