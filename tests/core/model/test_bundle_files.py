import json
import os
import sys
from pathlib import Path

import pytest

import core.model.bundle_files
from core.errors import BundleCorrupt, ExportFailed
from core.model.bundle import MAX_BUNDLE, pack
from core.model.bundle_files import read_bundle_file, try_bundle, write_bundle_file
from tests.models import unzipped, word_bundle, zipped

PACKED = pack(word_bundle())


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "stats.zip"
    write_bundle_file(path, PACKED)
    assert read_bundle_file(path) == PACKED
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_exists_is_overwritten_by_force_alone(tmp_path: Path) -> None:
    path = tmp_path / "stats.zip"
    path.write_bytes(b"mine")
    with pytest.raises(ExportFailed, match=r"stats\.zip exists; .*--force"):
        write_bundle_file(path, PACKED)
    assert path.read_bytes() == b"mine"
    write_bundle_file(path, PACKED, force=True)
    assert path.read_bytes() == PACKED


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "missing" / "stats.zip"):
        with pytest.raises(ExportFailed, match="cannot be written"):
            write_bundle_file(path, PACKED, force=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_file_larger_than_any_bundle_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        os.truncate(file.fileno(), MAX_BUNDLE + 1)  # takes no room on the disk, nor in memory
    with pytest.raises(BundleCorrupt, match="larger than any model bundle"):
        read_bundle_file(path)


def test_an_endless_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.model.bundle_files, "MAX_BUNDLE", 1000)
    with pytest.raises(BundleCorrupt, match="larger"):
        read_bundle_file(Path("/dev/zero"))


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BundleCorrupt, match="cannot be read: No such file"):
        read_bundle_file(tmp_path / "missing.zip")


def test_a_good_network_passes_its_trial() -> None:
    try_bundle(PACKED)


def test_a_network_that_litert_refuses_fails_its_trial_with_the_reason() -> None:
    with pytest.raises(BundleCorrupt, match="LiteRT refuses the bundle's network"):
        try_bundle(zipped(unzipped(PACKED) | {"model.tflite": b"no network"}))


def test_a_network_that_belies_its_sample_fails_its_trial() -> None:
    manifest = json.loads(unzipped(PACKED)["manifest.json"])
    wrong = {"title": "anova", "body": "", "probabilities": [0.5] * len(manifest["labels"])}
    data = json.dumps(manifest | {"sample": [wrong]}).encode()
    with pytest.raises(BundleCorrupt, match="its own sample"):
        try_bundle(zipped(unzipped(PACKED) | {"manifest.json": data}))


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Let a script stand for the child that tries the network."""
    script = folder / "child"
    script.write_text(f"#!{sys.executable}\nimport os, sys, time\nsys.stdin.read()\n{body}\n")
    script.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(script))


@pytest.mark.parametrize(
    ("body", "seconds", "reason"),
    [
        ("os.kill(os.getpid(), 11)", 30, "SIGSEGV"),
        ("sys.exit(1)", 30, "exit status 1"),
        ("time.sleep(60)", 0.5, "within 0.5 seconds"),
    ],
)
def test_a_network_that_kills_or_keeps_its_process_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, seconds: float, reason: str
) -> None:
    stand_in(tmp_path, monkeypatch, body)
    with pytest.raises(BundleCorrupt, match=reason):
        try_bundle(b"", seconds=seconds)


def test_the_process_that_tries_a_network_is_given_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", "postgresql://me:secret@host/db")
    stand_in(tmp_path, monkeypatch, "sys.exit('me:secret' in str(os.environ))")
    try_bundle(b"", seconds=30)
