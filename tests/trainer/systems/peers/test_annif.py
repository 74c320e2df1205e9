"""Annif's program: what becomes of its failures, and of the folder in which it works."""

from pathlib import Path

import pytest

from core.errors import TrainingError
from tests.trainer.made_up import made_up_dataset
from trainer.systems.peers.annif import Annif, Workspace


def test_what_the_program_says_last_is_the_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "annif"
    program.write_text("#!/bin/sh\necho loading >&2\necho 'no vocabulary' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    dataset = made_up_dataset(100)
    with pytest.raises(TrainingError, match=r"^annif load-vocab ended with 3: no vocabulary$"):
        Annif().fit_rows(dataset, dataset.split.train, seed=0)


def test_its_folder_is_deleted_with_the_workspace() -> None:
    workspace = Workspace()
    folder = workspace.folder
    assert folder.is_dir()
    del workspace
    assert not folder.exists()
