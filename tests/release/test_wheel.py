"""The wheel holds all that the program needs, and runs where there are no sources."""

import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import core
from tests.release.building import PACKAGES, PROJECT, ROOT, UV, build_wheel, run

pytestmark = pytest.mark.slow(8)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_every_file_of_every_package_is_in_it(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.relative_to(ROOT).as_posix() in inside


def test_it_holds_no_tests_and_says_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    tops = {name.split("/")[0] for name in archive.namelist()}
    own = f"question_tagger-{core.__version__}"
    assert tops == {*PACKAGES, "tagger.py", f"{own}.dist-info"}
    metadata = archive.read(f"{own}.dist-info/METADATA").decode()
    for extra in PROJECT["project"]["optional-dependencies"]:
        assert f"Provides-Extra: {extra}" in metadata


def test_it_runs_from_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    """With this environment's packages beside it, but for the project itself."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    run(UV, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(packages) / "others.pth").write_text(sysconfig.get_path("purelib"))
    tagger = tmp_path / "venv/bin/tagger"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert core.__version__ in run(tagger, "--version", cwd=empty)
    where = run(python, "-c", "import core; print(core.__file__)", cwd=empty)
    assert where.startswith(packages)
    assert "up to date" in run(tagger, "db", "upgrade", cwd=empty)
    assert "no question is tagged yet" in run(tagger, "results", cwd=empty)
