"""pyproject.toml names each package that the program imports, and none that it does not."""

import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain

import pytest

from tools.imports import ROOT, file_of, files, imported

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = {
    name: needed for name, needed in PROJECT["optional-dependencies"].items() if name != "dev"
}

# Packages whose extra is installed nowhere but where it is used, by what they are imported as.
SELDOM_INSTALLED = {"fasttext": "fasttext-numpy2", "omikuji": "omikuji"}
NAMED_IN_ADDRESSES = {"psycopg"}  # postgresql+psycopg:// lets SQLAlchemy import it


def names_of(requirements: list[str]) -> set[str]:
    names = (re.match(r"[\w.-]+", one) for one in requirements)
    return {normal(name[0]) for name in names if name is not None}


def normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


@cache
def packages_imported() -> dict[str, frozenset[str]]:
    """Each library that is imported, and the packages that bring it."""
    brought = packages_distributions()
    names = chain.from_iterable(imported(file) for file in files())
    libraries = {name.split(".")[0] for name in names if file_of(name) is None}
    return {
        library: frozenset(map(normal, brought.get(library, [SELDOM_INSTALLED.get(library, "")])))
        for library in libraries - sys.stdlib_module_names
    }


def test_every_library_that_is_imported_is_a_dependency() -> None:
    declared = names_of([*PROJECT["dependencies"], *chain.from_iterable(EXTRAS.values())])
    undeclared = {name for name, by in packages_imported().items() if not by & declared}
    assert undeclared == set()


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_every_dependency_is_imported(extra: str) -> None:
    declared = names_of(EXTRAS[extra] if extra else PROJECT["dependencies"])
    needed = frozenset[str]().union(*packages_imported().values())
    assert declared - needed - NAMED_IN_ADDRESSES == set()
