"""Which room of the program imports which, read from the code."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PARTS: Final = (
    "core", "poller", "importer", "backfill", "worker", "trainer", "review", "ops", "demo",
    "migrations",
)  # fmt: skip
WITH_ROOMS: Final = ("core", "trainer")  # where each folder is a room of its own


@cache
def files() -> tuple[Path, ...]:
    """Every Python file of the program, relative to the root."""
    found = [path for part in PARTS for path in (ROOT / part).rglob("*.py")]
    return tuple(sorted(path.relative_to(ROOT) for path in [*found, ROOT / "tagger.py"]))


def room_of(file: Path) -> str:
    """Return the room that a file belongs to.

    In core/ and trainer/ a folder is a room, and a file beside the folders is one in trainer/;
    core's plain files are the room `core`, but for `core/console`, which uses the database.
    """
    part, *rest = file.with_suffix("").parts
    if part not in WITH_ROOMS or rest == ["__init__"]:
        return part
    inner = rest[0]
    is_plumbing = part == "core" and len(rest) == 1 and inner != "console"
    return part if is_plumbing else f"{part}/{inner}"


def file_of(module: str) -> Path | None:
    """Return the program's file of a dotted name, which may end in a name inside the module.

    Raises:
        LookupError: the name is one of the program's, and there is no such file.
    """
    parts = module.split(".")
    if parts[0] not in (*PARTS, "tagger"):
        return None
    for length in range(len(parts), 0, -1):
        base = ROOT.joinpath(*parts[:length])
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            if file.exists():
                return file.relative_to(ROOT)
    raise LookupError(f"{module} is not in the repository")


def imported(file: Path) -> Iterator[str]:
    """Yield the full names that a file imports, also inside functions.

    Raises:
        ValueError: an import is relative.
    """
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{file}: a relative import")
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows() -> dict[str, set[str]]:
    """Every room, and the rooms that it imports."""
    found: dict[str, set[str]] = {}
    for file in files():
        here = found.setdefault(room_of(file), set())
        targets = (file_of(name) for name in imported(file))
        here.update(room_of(target) for target in targets if target is not None)
    return {room: targets - {room} for room, targets in found.items()}
