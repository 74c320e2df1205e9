import json
import sys
from pathlib import Path

import pytest

import core.model.bundle_files
from core.errors import BundleCorrupt
from core.model.bundle_files import copy_of_bundle_file, try_bundle
from tests.models import pack_bytes, unzipped, word_bundle, zipped

PACKED = pack_bytes(word_bundle())


def copied(path: Path) -> bytes:
    with copy_of_bundle_file(path) as copy:
        return copy.read_bytes()


def test_a_copy_stays_as_it_is_while_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "stats.zip"
    path.write_bytes(PACKED)
    with copy_of_bundle_file(path) as copy:
        path.write_bytes(b"another")
        assert copy.read_bytes() == PACKED
    assert not copy.exists()


def test_a_file_larger_than_any_bundle_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.model.bundle_files, "MAX_BUNDLE", len(PACKED) - 1)
    (tmp_path / "large.zip").write_bytes(PACKED)
    for path in (tmp_path / "large.zip", Path("/dev/zero")):
        with pytest.raises(BundleCorrupt, match="larger than any model bundle"):
            copied(path)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BundleCorrupt, match="cannot be read: No such file"):
        copied(tmp_path / "missing.zip")


def try_bytes(folder: Path, data: bytes) -> None:
    path = folder / "stats.zip"
    path.write_bytes(data)
    try_bundle(path)


@pytest.mark.slow
def test_a_good_network_passes_its_trial(tmp_path: Path) -> None:
    try_bytes(tmp_path, PACKED)


@pytest.mark.slow
def test_a_network_that_litert_refuses_fails_its_trial_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(BundleCorrupt, match="LiteRT refuses the bundle's network"):
        try_bytes(tmp_path, zipped(unzipped(PACKED) | {"model.tflite": b"no network"}))


@pytest.mark.slow
def test_a_network_that_belies_its_sample_fails_its_trial(tmp_path: Path) -> None:
    manifest = json.loads(unzipped(PACKED)["manifest.json"])
    wrong = {"title": "anova", "body": "", "probabilities": [0.5] * len(manifest["labels"])}
    data = json.dumps(manifest | {"sample": [wrong]}).encode()
    with pytest.raises(BundleCorrupt, match="its own sample"):
        try_bytes(tmp_path, zipped(unzipped(PACKED) | {"manifest.json": data}))


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Let a script stand for the child that tries the network."""
    script = folder / "child"
    script.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}\n")
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
        try_bundle(Path("none"), seconds=seconds)


def test_the_process_that_tries_a_network_is_given_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", "postgresql://me:secret@host/db")
    stand_in(tmp_path, monkeypatch, "sys.exit('me:secret' in str(os.environ))")
    try_bundle(Path("none"), seconds=30)
