"""The code keeps to the table of rooms in docs/architecture.md, and to its sizes."""

import ast
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
import typer

import tagger
from tools.imports import PARTS, ROOT, file_of, files, imported, room_of

MOST_LINES = 350
MOST_FILES = 15  # at a folder's top, without __init__.py
MEAN_FUNCTION_LINES = 10.0


@dataclass(frozen=True, slots=True)
class Room:
    """A row of the table: what a room may import, of the project and of libraries."""

    rooms: frozenset[str]
    libraries: frozenset[str]


@cache
def table() -> dict[str, Room]:
    text = (ROOT / "docs/architecture.md").read_text()
    section = text.split("## Which room imports which")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([\w/]+)` \|([^|]*)\|([^|]*)\|$", section, re.MULTILINE)
    return {
        name: Room(frozenset(re.findall(r"`([\w/]+)`", rooms)), frozenset(_names(libraries)))
        for name, rooms, libraries in rows
    }


def _names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


@pytest.mark.parametrize("file", files(), ids=str)
def test_a_file_imports_only_what_the_table_allows_its_room(file: Path) -> None:
    here = room_of(file)
    allowed = table().get(here, Room(frozenset(), frozenset()))  # trainer/__init__.py has none
    restricted = frozenset[str]().union(*(room.libraries for room in table().values()))
    for name in imported(file):
        target = file_of(name)
        if target is None:
            library = name.split(".")[0]
            assert library not in restricted - allowed.libraries, f"{here} imports {library}"
        elif room_of(target) != here:
            assert room_of(target) in allowed.rooms, f"{here} imports {room_of(target)}"


def test_the_table_names_every_room_and_no_other() -> None:
    assert set(table()) == {room_of(file) for file in files()} - {"trainer"}


def test_arrows_point_upwards_in_the_table_so_that_there_is_no_cycle() -> None:
    above: set[str] = set()
    for name, room in table().items():
        assert room.rooms <= above, f"{name} stands above {room.rooms - above}"
        above.add(name)


def test_parts_do_not_import_each_other() -> None:
    for name, room in table().items():
        part = name.split("/")[0]
        others = {one.split("/")[0] for one in room.rooms} - {part, "core"}
        if part == "demo":  # it uses the service as a person would
            others -= {"ops"}
        assert not others or part == "tagger"


def test_core_spells_no_command() -> None:
    names = "|".join(typer.main.get_command(tagger.make_app()).commands)  # type: ignore[attr-defined]
    for file in files():
        if file.parts[0] == "core":
            found = re.search(rf"\btagger ({names})\b", (ROOT / file).read_text())
            assert not found, f"{file}: {found}"


def test_no_folder_holds_too_many_files() -> None:
    others = [(ROOT / folder).rglob("*.py") for folder in ("benchmarks", "tests", "tools")]
    measured = [path.relative_to(ROOT) for path in chain.from_iterable(others)]
    every = [file for file in (*files(), *measured) if file.stem != "__init__"]
    for folder in {file.parent for file in every}:
        names = [file for file in every if file.parent == folder]
        assert len(names) <= MOST_FILES, folder


@pytest.mark.parametrize("file", files(), ids=str)
def test_no_file_is_too_long(file: Path) -> None:
    assert len((ROOT / file).read_text().splitlines()) <= MOST_LINES


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is None:
        return whole
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1)


@pytest.mark.slow
def test_functions_are_short_on_average() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    trees = [ast.parse((ROOT / file).read_text()) for file in files()]
    lengths = [
        _length(node) for tree in trees for node in ast.walk(tree) if isinstance(node, kinds)
    ]
    assert sum(lengths) / len(lengths) <= MEAN_FUNCTION_LINES


@pytest.mark.parametrize("part", PARTS)
def test_images_and_packages_hold_every_part(part: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert f"{part}*" in project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert f"!{part}/**" in (ROOT / ".dockerignore").read_text().splitlines()
