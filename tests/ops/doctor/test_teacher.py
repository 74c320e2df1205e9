from importlib import util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.settings import Architecture, Settings
from ops.doctor.context import CheckContext
from ops.doctor.examine import CHECKS, examine
from ops.doctor.finding import Finding
from tests.core.model.sentences.tiny_encoder import write_encoder
from tests.ops.doctor.conftest import check_fix
from trainer.teacher.probe import probe_teacher


def look(named: str | None, architecture: Architecture = "branched") -> Finding:
    settings = Settings(teacher=named, architecture=architecture)
    context = CheckContext(settings, SystemClock(), probe_teacher=probe_teacher)
    (found,) = examine(context, {"teacher": CHECKS["teacher"]})
    check_fix(found)
    return found


def without(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = util.find_spec

    def find(name: str) -> ModuleSpec | None:
        return None if name == package else there(name)

    for module in ("core.model.sentences.encoder", "trainer.systems.networks.keras_setup"):
        monkeypatch.setattr(f"{module}.find_spec", find)


def test_none_is_set_by_default() -> None:
    assert look(None) == Finding("teacher", "ok", "none is set (TAGGER_TEACHER)")


def test_none_where_the_architecture_reads_one_is_an_error(tmp_path: Path) -> None:
    found = look(None, "branched-encoder")
    assert found.severity == "error"
    assert found.seen.endswith("TAGGER_ARCHITECTURE branched-encoder needs one")
    folder = write_encoder(tmp_path / "encoder", ["bread"])
    assert look(str(folder), "branched-encoder").severity == "ok"


def test_one_that_can_be_used_is_named_by_its_network(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "encoder", ["bread"])
    assert look(str(folder)).seen == f"trainings use {folder / 'model.onnx'}"


def test_a_folder_that_is_not_there_or_lacks_a_file_is_an_error(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "encoder", ["bread"])
    missing = look(str(tmp_path / "none"))
    (folder / "tokenizer.json").unlink()
    incomplete = look(str(folder))
    assert {missing.severity, incomplete.severity} == {"error"}
    assert missing.seen == f"TAGGER_TEACHER: there is no folder {tmp_path / 'none'}"
    assert "has no tokenizer.json" in incomplete.seen
    assert missing.fix == incomplete.fix
    assert missing.fix.startswith("Set it to a folder with tokenizer.json and model.onnx")


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "encoder", ["bread"])
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text("{")
    found = look(str(folder))
    assert (found.severity, "config.json cannot be read" in found.seen) == ("error", True)
    assert found.fix == "Let the user who trains or tags read it."


def test_an_extra_that_is_not_installed_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_encoder(tmp_path / "encoder", ["bread"])
    without("onnxruntime", monkeypatch)
    found = look(str(folder))
    assert (found.severity, "(onnxruntime)" in found.seen) == ("error", True)
    assert found.fix.endswith('pip install ".[teacher]"')


def test_where_nothing_is_trained_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    without("tensorflow", monkeypatch)
    assert look("/not/there").severity == "ok"
