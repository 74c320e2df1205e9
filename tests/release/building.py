"""Builds the wheel that a release ships, and installs it."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
UV = Path(sys.executable).parent / "uv"
PACKAGES = [
    pattern.removesuffix("*")
    for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
]


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy of the sources, so that nothing is left among them."""
    sources = folder / "sources"
    sources.mkdir()
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, sources / package, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "tagger.py"):
        shutil.copy(ROOT / name, sources)
    run(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
        "--disable-pip-version-check", "--wheel-dir", folder, sources,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel


def run(*command: str | Path, cwd: Path | None = None, status: int | None = 0) -> str:
    """Run a command, without the settings and paths of the tests, and return what it prints."""
    left_out = ("PYTHONPATH", "TAGGER_")
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if not name.startswith(left_out)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert status in (None, done.returncode), done.stdout + done.stderr
    return done.stdout + done.stderr


def find_python(version: str) -> Path | None:
    """An interpreter of a version on this machine, on the path or among pyenv's; or None."""
    named = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [Path(named)] if named else []
    for python in (*found, *sorted(pyenv.glob(f"{version}.*/bin/python"))):
        asked = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        if said.strip() == version:
            return python
    return None
