"""What a release promises: the wheel, with each of its extras, on each Python that it names.

Packages come from the index that the machine uses, at the versions of the lock.
"""

from pathlib import Path

import pytest

from tests.release.building import PROJECT, ROOT, UV, build_wheel, find_python, run

pytestmark = pytest.mark.release

PYTHONS = ("3.11", "3.12")
NEXT_PYTHON = "3.13"
TAKEN_BY = {  # each extra: by this module
    "": "worker.app",
    "trainer": "trainer.train",
    "review": "review.web.app",
    "scale": "backfill.cluster",
    "peers": "fasttext, omikuji",
    "teacher": "onnxruntime, tokenizers, core.model.sentences.encoder",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_every_extra_is_tried() -> None:
    assert {*TAKEN_BY} == {"", *PROJECT["project"]["optional-dependencies"]} - {"dev"}


@pytest.mark.parametrize("extra", TAKEN_BY)
@pytest.mark.parametrize("version", PYTHONS)
def test_it_installs_in_a_clean_environment(
    wheel: Path, tmp_path: Path, version: str, extra: str
) -> None:
    interpreter = find_python(version)
    if interpreter is None:
        pytest.skip(f"there is no Python {version} here")
    run(UV, "venv", "--quiet", "--python", interpreter, tmp_path / "venv")
    wished = f"question-tagger[{extra}] @ {wheel.as_uri()}"
    python = tmp_path / "venv/bin/python"
    locked = tmp_path / "locked.txt"
    locked.write_text(versions_of_the_lock())
    run(UV, "pip", "install", "--quiet", "--python", python, "--constraint", locked, wished)
    run(UV, "pip", "check", "--python", python)
    run(python, "-c", f"import {TAKEN_BY[extra]}", cwd=tmp_path)
    assert "commands" in run(tmp_path / "venv/bin/tagger", "--help", cwd=tmp_path).lower()


def versions_of_the_lock() -> str:
    """The lock without its hashes, which would have to be those of the wheel too."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return "\n".join(line.removesuffix(" \\") for line in lines if "==" in line)


def test_the_next_python_is_not_to_be_had_yet(tmp_path: Path) -> None:
    """Once it is, this fails: let `requires-python` take it in, and PYTHONS above."""
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"]]
    wanted += [one for name, needed in extras.items() if name != "dev" for one in needed]
    (tmp_path / "wanted.txt").write_text("\n".join(wanted))
    said = run(
        UV, "pip", "compile", "--quiet", "--python-version", NEXT_PYTHON,
        "--only-binary", ":all:", tmp_path / "wanted.txt", status=None,
    )  # fmt: skip
    assert "has no usable wheels" in said
