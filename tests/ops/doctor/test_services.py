"""Services that are missing, silent, waiting, doubled or of another version; memory; models."""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, insert, update

from core import __version__
from core.database.tables import (
    BundlePart,
    KilledProcess,
    LastSign,
    ModelVersion,
    TaggingRequest,
    TrainingRun,
)
from core.model.manifest import FORMAT_VERSION
from core.model.sentences.encoders import ARCHITECTURE
from core.model.sentences.files import find_encoder
from core.questions.training_lock import DIED, training_lock
from ops.doctor.finding import Finding
from ops.doctor.memory import worker_memory
from tests.models import sentence_bundle, word_bundle, write_telling_encoder
from tests.ops.doctor.conftest import Look
from tests.rows import give_signs, publish, publish_live, question, store_questions

ALL = {"tagging@a": 1, "training@a": 1, "scheduler@a": 1, "poller@a": 1}
NOW = datetime.now(UTC)


def change(engine: Engine, name: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(update(LastSign).where(LastSign.name == name).values(**values))


def only(found: list[Finding]) -> tuple[str, str, str]:
    (one,) = found
    return one.severity, one.seen, one.fix


def test_services_that_run_are_well(look: Look, sqlite_engine: Engine) -> None:
    give_signs(sqlite_engine, ALL, now=datetime.now(UTC))
    severity, seen, _ = only(look("services", database_url=sqlite_engine.url))
    assert severity == "ok"
    assert seen.startswith(f"they run, with version {__version__}: poller@a, ")


def test_what_does_not_run_is_told_with_what_starts_it(look: Look, sqlite_engine: Engine) -> None:
    severity, seen, fix = only(look("services", database_url=sqlite_engine.url))
    assert (severity, seen) == ("error", "none of them runs")
    assert fix.endswith(": tagger up")
    give_signs(sqlite_engine, {"poller@a": 1}, now=datetime.now(UTC))
    found = look("services", database_url=sqlite_engine.url)
    assert {one.seen: one.severity for one in found} == {
        "a worker does not run": "error",
        "a trainer does not run": "warning",
        "the scheduler does not run": "error",
    }
    assert found[0].fix.endswith(": tagger worker")


def test_what_a_service_says_of_itself_stands_there_as_it_is(
    look: Look, sqlite_engine: Engine
) -> None:
    give_signs(sqlite_engine, ALL, now=datetime.now(UTC))
    change(sqlite_engine, "scheduler@a", ended="[bold] was said")
    told = [one.seen for one in look("services", database_url=sqlite_engine.url)]
    assert any("[bold] was said" in one for one in told), told
    assert not any("\\[" in one for one in told)  # the table escapes it, once


def test_a_service_that_fell_silent_is_told(look: Look, sqlite_engine: Engine) -> None:
    give_signs(sqlite_engine, ALL | {"scheduler@a": 900}, now=datetime.now(UTC))
    severity, seen, fix = only(look("services", database_url=sqlite_engine.url))
    assert severity == "error"
    assert seen.startswith("the scheduler does not run since ")
    assert "killed or hangs" in seen
    assert fix.startswith("End what is left of it and start it again")
    assert fix.endswith(": tagger scheduler")
    give_signs(sqlite_engine, ALL | {"tagging@b": 900}, now=datetime.now(UTC))
    severity, seen, _ = only(look("services", database_url=sqlite_engine.url))
    assert (severity, seen.partition(" since ")[0]) == ("warning", "tagging@b has given no sign")


def test_a_service_that_waits_is_told(look: Look, sqlite_engine: Engine) -> None:
    give_signs(sqlite_engine, ALL, now=datetime.now(UTC))
    change(sqlite_engine, "tagging@a", waits_for="the broker")
    severity, seen, _ = only(look("services", database_url=sqlite_engine.url))
    assert (severity, seen) == ("error", "tagging@a waits for the broker")


def test_two_schedulers_are_told(look: Look, sqlite_engine: Engine) -> None:
    give_signs(sqlite_engine, ALL | {"scheduler@b": 1}, now=datetime.now(UTC))
    severity, seen, fix = only(look("services", database_url=sqlite_engine.url))
    assert (severity, fix) == ("error", "Stop all but one of them")
    assert seen == "2 schedulers run (scheduler@a, scheduler@b): all fires twice"


@pytest.mark.parametrize(("version", "told"), [("0.0.1", "0.0.1"), (None, "of before")])
def test_a_worker_of_another_version_is_told(
    look: Look, sqlite_engine: Engine, version: str | None, told: str
) -> None:
    give_signs(sqlite_engine, ALL, now=datetime.now(UTC))
    change(sqlite_engine, "tagging@a", version=version)
    severity, seen, fix = only(look("services", database_url=sqlite_engine.url))
    assert severity == "warning"
    assert seen == f"tagging@a runs version {told}, this is {__version__}"
    assert fix.startswith("Install one version on all hosts")


def test_a_limit_below_what_the_live_model_needs_is_told(look: Look, sqlite_engine: Engine) -> None:
    publish_live(sqlite_engine, word_bundle(), now=NOW)
    with sqlite_engine.begin() as connection:
        connection.execute(update(ModelVersion).values(size=200_000_000))
    give_signs(sqlite_engine, ALL, now=datetime.now(UTC))
    change(sqlite_engine, "tagging@a", memory_bytes=1, memory_limit=400_000_000)
    severity, seen, fix = only(look("memory", database_url=sqlite_engine.url))
    assert severity == "error"
    assert seen.startswith("tagging@a may take 400 MB; 2 processes with the largest live model")
    assert fix.startswith("Set WORKER_MEMORY=")
    change(sqlite_engine, "tagging@a", memory_limit=int(fix.split("=")[1].split("m")[0]) * 10**6)
    assert only(look("memory", database_url=sqlite_engine.url))[0] == "ok"


def test_what_an_encoder_takes_of_each_process_is_reckoned(
    look: Look, sqlite_engine: Engine, tmp_path: Path
) -> None:
    publish_live(sqlite_engine, sentence_bundle(architecture=ARCHITECTURE), now=NOW)
    give_signs(sqlite_engine, ALL, now=datetime.now(UTC))
    change(sqlite_engine, "tagging@a", memory_bytes=1, memory_limit=400_000_000)
    encoder = str(write_telling_encoder(tmp_path / "encoder"))
    assert only(look("memory", database_url=sqlite_engine.url))[0] == "ok"  # none is named here
    severity, seen, _ = only(look("memory", database_url=sqlite_engine.url, teacher=encoder))
    assert (severity, seen.startswith("tagging@a may take 400 MB")) == ("error", True)


def test_killed_processes_are_told(look: Look, sqlite_engine: Engine) -> None:
    row = {"worker": "tagging@a", "at": datetime.now(UTC), "questions": 1}
    with sqlite_engine.begin() as connection:
        connection.execute(insert(KilledProcess).values(row))
    severity, seen, fix = only(look("memory", database_url=sqlite_engine.url))
    assert (severity, "1 of its processes were killed" in seen) == ("error", True)
    assert "WORKER_MEMORY=" in fix


def test_what_was_measured_is_what_is_reckoned() -> None:
    """A bundle of 108 MB and two processes peaked at 326 MB (docs/architecture.md)."""
    assert 310e6 < worker_memory(108_000_000, 2) < 345e6


def test_a_site_without_enough_questions_says_how_many_are_missing(
    look: Look, sqlite_engine: Engine
) -> None:
    severity, seen, fix = only(look("models", database_url=sqlite_engine.url))
    assert severity == "warning"
    assert seen == "stats: no live model: it takes 200 more settled questions"
    assert fix.endswith(": tagger history --site stats")


@pytest.mark.parametrize(
    ("run", "told", "advice"),
    [
        (
            {"outcome": "failed", "error": "no room", "ended_at": NOW},
            "failed: no room",
            "Put that right, then: tagger train --site stats",
        ),
        ({}, f"failed: {DIED}", "Start it again: tagger train --site stats"),
    ],
    ids=["failed", "died"],
)
def test_a_training_that_failed_is_the_reason(
    look: Look, sqlite_engine: Engine, run: dict[str, object], told: str, advice: str
) -> None:
    with sqlite_engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(site="stats", started_at=NOW, **run))
    _, seen, fix = only(look("models", database_url=sqlite_engine.url))
    assert told in seen
    assert fix == advice


def test_a_training_that_runs_is_the_reason(look: Look, sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(site="stats", started_at=NOW))
    with training_lock(sqlite_engine, "stats"):
        _, seen, fix = only(look("models", database_url=sqlite_engine.url))
    assert "a training runs since" in seen
    assert fix.endswith(": tagger status")


def test_a_version_that_was_kept_back_is_the_reason(look: Look, sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        version = publish(connection, word_bundle(), now=NOW)
        row = {"site": "stats", "started_at": NOW, "ended_at": NOW, "outcome": "published"}
        told = {"decision": "it loses to the baseline", "model_version_id": version.id}
        connection.execute(insert(TrainingRun).values(row | told))
    _, seen, fix = only(look("models", database_url=sqlite_engine.url))
    assert seen.endswith("version 1 was kept back: it loses to the baseline")
    assert fix.endswith(": tagger models promote --site stats 1")


def test_enough_questions_and_no_training_asks_for_one(look: Look, sqlite_engine: Engine) -> None:
    old = NOW - timedelta(days=30)
    store_questions(sqlite_engine, *(question(i, created_at=old) for i in range(60)), now=old)
    _, seen, fix = only(look("models", database_url=sqlite_engine.url, min_questions=50))
    assert "questions enough, and no training has begun" in seen
    assert fix.endswith(": tagger train --site stats")


@pytest.mark.parametrize(
    ("versions", "meanwhile", "fix"),
    [
        (1, "nothing is tagged", "train"),
        (2, "workers go on with an earlier one", "models rollback"),
    ],
)
def test_a_live_model_that_is_damaged_is_told(
    look: Look, engine: Engine, versions: int, meanwhile: str, fix: str
) -> None:
    bundles = [word_bundle(data_fingerprint=str(number)) for number in range(versions)]
    live = [publish_live(engine, bundle, now=NOW) for bundle in bundles][-1]
    address = engine.url.render_as_string(hide_password=False)
    severity, seen, _ = only(look("models", database_url=address))
    assert (severity, seen) == ("ok", f"stats: version {live.version} (words) is live")
    with engine.begin() as connection:
        connection.execute(delete(BundlePart).where(BundlePart.model_version_id == live.id))
    severity, seen, told = only(look("models", database_url=address))
    told_of = f"the bundle of version {live.version}, the live one, is damaged"
    assert (severity, seen) == ("error", f"stats: {told_of}: {meanwhile}")
    assert told.endswith(f": tagger {fix} --site stats")


@pytest.mark.parametrize(
    ("versions", "fix"),
    [(1, "train a new one: tagger train"), (2, "go back to version 1: tagger models rollback")],
)
def test_a_live_model_of_a_newer_format_is_told(
    look: Look, engine: Engine, versions: int, fix: str
) -> None:
    formats = [FORMAT_VERSION, FORMAT_VERSION + 1][-versions:]
    bundles = [word_bundle(format_version=version) for version in formats]
    live = [publish_live(engine, bundle, now=NOW) for bundle in bundles][-1]
    address = engine.url.render_as_string(hide_password=False)
    severity, seen, told = only(look("models", database_url=address))
    refused = "has a format that this version of the program does not read"
    assert severity == "error"
    assert f"the bundle of version {live.version}, the live one, {refused}: " in seen
    assert told.startswith("Install on every host the version of the program that made it, or ")
    assert told.endswith(f"{fix} --site stats")


def test_a_live_model_whose_encoder_is_not_here_is_told(look: Look, sqlite_engine: Engine) -> None:
    publish_live(sqlite_engine, sentence_bundle(), now=NOW)
    severity, seen, told = only(look("models", database_url=sqlite_engine.url))
    assert severity == "error"
    assert "is refused on this machine (The model reads the sentence encoder tiny (" in seen
    assert told == (
        "Name it in TAGGER_TEACHER on every host, or train a new one in its place: "
        "tagger train --site stats --promote"
    )
    publish_live(sqlite_engine, sentence_bundle("1" * 64), now=NOW)
    _, _, told = only(look("models", database_url=sqlite_engine.url))
    assert "(tagger train --site stats --promote), or go back to version 1: tagger models" in told


def test_an_encoder_that_is_here_is_looked_at_and_not_loaded(
    look: Look, sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_telling_encoder(tmp_path / "tiny")
    publish_live(sqlite_engine, sentence_bundle(find_encoder(str(folder)).digest), now=NOW)

    def load(*_: object, **__: object) -> None:
        pytest.fail("some 170 MB of a worker's container")

    monkeypatch.setattr("core.model.sentences.encoders.Encoder", load)
    address = sqlite_engine.url
    severity, seen, _ = only(look("models", database_url=address, teacher=str(folder)))
    assert (severity, seen) == ("ok", "stats: version 1 (words) is live")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    severity, seen, _ = only(look("models", database_url=address, teacher=str(folder)))
    assert severity == "error"
    assert "packages that are not installed here (onnxruntime)" in seen


def test_questions_that_are_parked_or_wait_too_long_are_told(
    look: Look, sqlite_engine: Engine
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=NOW)
    store_questions(sqlite_engine, question(1), question(2), now=NOW - timedelta(hours=3))
    parked = update(TaggingRequest).where(TaggingRequest.question_pk == 1)
    with sqlite_engine.begin() as connection:
        connection.execute(parked.values(parked_at=NOW))
    found = look("tagging", database_url=sqlite_engine.url)
    assert found[0].seen == "stats: questions that cannot be tagged: 1"
    waited = re.fullmatch(r"stats: a question has been pending for (\d+) min", found[1].seen)
    assert waited is not None
    assert int(waited[1]) >= 180  # more by what the tests before this one took
    assert found[0].fix.endswith(": tagger parked list --site stats")
