"""Commands that change the registry: what goes live, what comes in, what is refused."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, update

from core.database.engine import reading
from core.database.tables import BundlePart, ModelVersion, Promotion, Question
from core.errors import ExportFailed
from core.model import registry
from core.model.bundle import Bundle
from core.model.manifest import FORMAT_VERSION
from core.questions.lifecycle import is_requested
from tests.conftest import ManualClock
from tests.models import digest, pack_bytes, unzipped, word_bundle, zipped
from tests.rows import (
    live_models,
    predictions,
    publish_live,
    question,
    replace_prediction,
    store_questions,
)
from tests.trainer.models.commands import count, live, tagger
from trainer.models.changes import _write_to_pipe
from worker.tagging import tag_batch


def test_promotion_moves_the_live_version(engine: Engine) -> None:
    promoted = tagger("models", "promote", "--site", "stats", "2")
    assert (promoted.exit_code, live(engine)) == (0, 2)
    assert "stats version 2 is live; version 1 was." in promoted.stdout


def test_rollback_goes_back_and_then_says_that_there_is_nothing_further_back(
    engine: Engine,
) -> None:
    tagger("models", "promote", "--site", "stats", "2")
    back = tagger("models", "rollback", "--site", "stats")
    assert (back.exit_code, live(engine)) == (0, 1)
    assert "stats version 1 is live; version 2 was." in back.stdout
    again = tagger("models", "rollback", "--site", "stats")
    assert (again.exit_code, live(engine)) == (1, 1)
    assert "no version to go back to" in again.stderr
    assert "(rollback)" in tagger("models", "show", "--site", "stats").stdout


@pytest.mark.parametrize(
    "move", [["promote", "--site", "stats", "1"], ["rollback", "--site", "stats"]]
)
def test_a_damaged_model_does_not_go_live(engine: Engine, move: list[str]) -> None:
    tagger("models", "promote", "--site", "stats", "2")
    with engine.begin() as connection:
        first = select(ModelVersion.id).where(ModelVersion.version == 1).scalar_subquery()
        damaged = update(BundlePart).where(BundlePart.model_version_id == first).values(data=b"?")
        connection.execute(damaged)
    refused = tagger("models", *move)
    assert (refused.exit_code, live(engine)) == (1, 2)
    assert "SHA-256" in refused.stderr


@pytest.mark.parametrize("move", [["promote", "2"], ["rollback"]])
def test_a_version_that_goes_live_while_another_is_tried_stays_live(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, move: list[str]
) -> None:
    tagger("models", "promote", "--site", "stats", "2")
    publish_live(engine, word_bundle(data_fingerprint="3"), now=clock.now())

    def try_while_another_goes_live(_: Bundle, **__: object) -> None:
        publish_live(engine, word_bundle(data_fingerprint="4"), now=clock.now())

    monkeypatch.setattr("core.model.going_live.Model", try_while_another_goes_live)
    refused = tagger("models", *move, "--site", "stats")
    assert (refused.exit_code, live(engine)) == (1, 4)
    assert refused.stderr == (
        "tagger: Another version of stats went live while version 2 was tried: nothing is "
        "changed. Look which one is live, then decide again.\n"
    )


def test_a_promotion_is_dated_when_it_is_made_and_not_when_the_trial_begins(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = clock.now()
    monkeypatch.setattr("trainer.models.changes.DatabaseClock", lambda _: clock)
    monkeypatch.setattr("core.model.going_live.Model", lambda _, **__: clock.sleep(5))
    tagger("models", "promote", "--site", "stats", "2")
    with reading(engine) as connection:
        made = registry.list_promotions(connection, "stats")[-1]
    assert (made.version, made.at) == (2, began + timedelta(seconds=5))


@pytest.mark.parametrize(
    ("options", "again"), [([], {1}), (["--retag", "all"], {1, 2}), (["--retag", "none"], set())]
)
def test_tagged_questions_are_tagged_again_as_asked(
    engine: Engine, clock: ManualClock, options: list[str], again: set[int]
) -> None:
    stored = store_questions(engine, question(1), question(2, state="closed"), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    done = tagger("models", "promote", "--site", "stats", "2", *options)
    assert done.exit_code == 0
    assert (f"Questions to be tagged again: {len(again)}." in done.stdout) == bool(again)
    with reading(engine) as connection:
        wanted = select(Question.question_id).where(is_requested())
        assert set(connection.execute(wanted).scalars()) == again


def test_promoting_the_live_version_changes_nothing(engine: Engine, clock: ManualClock) -> None:
    stored = store_questions(engine, question(1), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    done = tagger("models", "promote", "--site", "stats", "1")
    assert done.stdout == "stats version 1 is live.\n"


@pytest.mark.usefixtures("engine")
def test_an_unknown_version_is_one_line() -> None:
    refused = tagger("models", "promote", "--site", "stats", "7")
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert "no model version 7" in refused.stderr


@pytest.mark.slow
def test_a_model_comes_back_from_another_installation_as_it_was(
    engine: Engine, tmp_path: Path
) -> None:
    exported = tagger("models", "export", "--site", "stats")
    assert exported.exit_code == 0
    file = tmp_path / "stats-v1.bundle.zip"
    sha256 = exported.stdout.split()[-1]
    assert digest(file.read_bytes()) == sha256
    with engine.begin() as connection:
        connection.execute(delete(Promotion))
        connection.execute(delete(ModelVersion))
    options = ("--site", "stats", "--sha256", sha256.upper(), "--promote")
    imported = tagger("models", "import", file, *options)
    assert (imported.exit_code, live(engine)) == (0, 1)
    with reading(engine) as connection:
        assert registry.get_live(connection, "stats").sha256 == sha256


@pytest.mark.usefixtures("engine")
def test_an_export_overwrites_nothing_unless_forced(tmp_path: Path) -> None:
    file = tmp_path / "mine.zip"
    file.write_bytes(b"mine")
    refused = tagger("models", "export", "--site", "stats", "2", "--out", file)
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert file.read_bytes() == b"mine"
    forced = tagger("models", "export", "--site", "stats", "2", "--out", file, "--force")
    assert forced.exit_code == 0
    assert file.read_bytes().startswith(b"PK")


def test_a_model_goes_from_one_installation_to_another_through_a_pipe(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.models.changes.try_bundle", lambda _: None)  # takes seconds
    exported = tagger("models", "export", "--site", "stats", "--out", "-")
    assert exported.exit_code == 0, exported.stderr
    packed = exported.stdout_bytes
    assert exported.stderr.split()[-1] == digest(packed)
    with engine.begin() as connection:
        connection.execute(delete(Promotion))
        connection.execute(delete(ModelVersion))
    imported = tagger("models", "import", "-", "--site", "stats", given=packed)
    assert imported.exit_code == 0, imported.stderr
    assert count(engine) == 1


def test_a_model_and_json_do_not_go_to_one_output() -> None:
    refused = tagger("models", "export", "--site", "stats", "--out", "-", "--json")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "leave out --json" in refused.stderr


def test_a_model_is_not_written_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.models.changes.sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(ExportFailed, match="> FILE, or a pipe"):
        _write_to_pipe(None, None)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_model_that_the_site_has_is_not_published_twice(engine: Engine, tmp_path: Path) -> None:
    tagger("models", "export", "--site", "stats", "2", "--out", tmp_path / "two.zip")
    imported = tagger("models", "import", tmp_path / "two.zip", "--promote")
    assert "stats has it already: version 2." in imported.stdout
    assert (count(engine), live(engine)) == (2, 2)


PACKED = pack_bytes(word_bundle())
MEMBERS = unzipped(PACKED)
MANIFEST = json.loads(MEMBERS["manifest.json"])


def with_manifest(**changes: object) -> bytes:
    return zipped(MEMBERS | {"manifest.json": json.dumps(MANIFEST | changes).encode()})


REFUSED = {
    "one flipped byte": (PACKED[:100] + bytes([PACKED[100] ^ 1]) + PACKED[101:], "damaged"),
    "truncated": (PACKED[: len(PACKED) // 2], "damaged"),
    "a missing file": (
        zipped({k: v for k, v in MEMBERS.items() if k != "model.tflite"}),
        "has no model.tflite",
    ),
    "a newer format": (with_manifest(format_version=FORMAT_VERSION + 1), "this program reads"),
    "another site": (with_manifest(site="cooking"), "belongs to the site cooking"),
    "zeros": (zipped(MEMBERS | {"model.tflite": bytes(200_000_000)}), "would unpack to"),
    "no network": (zipped(MEMBERS | {"model.tflite": b"?"}), "LiteRT refuses"),
    "another's sample": (
        with_manifest(sample=[{"title": "", "body": "", "probabilities": [0.9] * 6}]),
        "its own sample",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_a_bundle_that_does_not_verify_is_not_imported(
    engine: Engine, tmp_path: Path, name: str
) -> None:
    data, reason = REFUSED[name]
    (tmp_path / "bad.zip").write_bytes(data)
    refused = tagger("models", "import", tmp_path / "bad.zip", "--site", "stats", "--promote")
    assert refused.exit_code == 1
    assert reason in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert (count(engine), live(engine)) == (2, 1)


def test_a_file_with_another_sha256_than_told_is_not_imported(
    engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "good.zip").write_bytes(PACKED)
    refused = tagger("models", "import", tmp_path / "good.zip", "--sha256", "0" * 64)
    assert refused.exit_code == 1
    assert f"another SHA-256: {digest(PACKED)}" in refused.stderr
    assert count(engine) == 2


def test_a_pruned_model_keeps_its_figures(engine: Engine) -> None:
    tagger("models", "promote", "--site", "stats", "2")
    with engine.begin() as connection:  # so that no rollback needs it
        connection.execute(delete(Promotion))
    pruned = tagger("models", "prune", "--site", "stats", "--keep", "0")
    assert pruned.stdout == "stats: pruned 1.\n"
    assert "pruned" in tagger("models", "list").stdout.splitlines()[1]
    shown = tagger("models", "show", "--site", "stats", "1").stdout
    assert "pruned at" in shown
    assert "0.7500" in shown
    for refused in ("promote", "export"):
        assert "was pruned at" in tagger("models", refused, "--site", "stats", "1").stderr
    assert tagger("models", "prune", "--site", "stats").stdout == "stats: pruned none.\n"


def test_what_pruned_models_predicted_is_deleted_where_a_newer_prediction_stands(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(1), now=clock.now()).requested
    with reading(engine) as connection:
        old, new = (version.id for version in registry.list_versions(connection))
    replace_prediction(engine, pk, old, new, now=clock.now())
    command = ("models", "prune-predictions", "--site", "stats")
    kept = tagger(*command, "--older-than", "36500")
    assert (kept.exit_code, kept.stdout) == (0, "stats: predictions deleted: 0\n")
    assert tagger(*command).stdout == "stats: predictions deleted: 1\n"
    assert predictions(engine) == [(1, new)]
