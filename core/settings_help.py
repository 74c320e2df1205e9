"""What people are told of settings: which values one takes, and names that none has."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic.fields import FieldInfo

_LIKE_ENOUGH: Final = 0.8  # of 1: a letter or two of a name that are wrong, swapped or missing
_OF_TESTS: Final = frozenset({"TAGGER_REAL_DATA"})


def explain(
    error: ValidationError, fields: Mapping[str, FieldInfo], *, prefix: str
) -> tuple[str, str]:
    """The first wrong value's variable, and which values that takes; and what to do about it.

    The value itself is left out, it may be a secret.
    """
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0])
    reason = first["msg"].removeprefix("Value error, ")
    takes = f"it takes {values_of(fields[name])}" if name in fields else reason
    if first["type"] == "value_error":
        takes = f"{reason}. {takes[0].upper()}{takes[1:]}"
    return f"{prefix}{name.upper()}: {takes}.", "Correct it in the environment or in .env."


def values_of(field: FieldInfo) -> str:
    """Which values a setting takes, and what it sets: `a number from 1 to 10 (pause between …)`."""
    kinds = {get_origin(kind) or kind for kind in _alternatives(field.annotation)}
    what = field.description or ""
    if Literal in kinds:
        *others, last = map(str, get_args(field.annotation))
        return f"{', '.join(others)} or {last} ({what.partition(':')[0]})"
    if bool in kinds:
        return f"true or false ({what.partition(':')[0]})"
    if kinds & {int, float}:
        number = "a whole number" if int in kinds else "a number"
        return f"{number} {_range(field.metadata)} ({what})"
    if tuple in kinds:
        return f"names, separated by commas ({what.removesuffix(', separated by commas')})"
    return what


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The types of a union but None; of anything else, itself."""
    if get_origin(annotation) in (Union, UnionType):
        return tuple(kind for kind in get_args(annotation) if kind is not type(None))
    return (annotation,)


def _range(metadata: Iterable[Any]) -> str:
    """The numbers between bounds, in words."""
    bounds = {
        name: f"{getattr(limit, name):,}"
        for limit in metadata
        for name in ("ge", "gt", "le", "lt")
        if hasattr(limit, name)
    }
    low = f"from {bounds['ge']}" if "ge" in bounds else f"above {bounds.get('gt', '')}"
    if "le" in bounds:
        return f"{low} to {bounds['le']}"
    return f"{low} and below {bounds['lt']}" if "lt" in bounds else f"{low} on"


def unknown_variables(
    known: Iterable[str], environment: Mapping[str, str], files: Iterable[Path], *, prefix: str
) -> list[str]:
    """A line for each variable that looks like a setting and is none: it has no effect.

    Args:
        known: names of all settings, with the prefix.
        environment: of this process.
        files: of the kind of `.env`; one that cannot be read is left out.
        prefix: that every setting's name begins with.
    """
    names = sorted(known)
    found = dict.fromkeys(environment, "the environment")
    for file in files:
        found |= {name: str(file) for name in _names_in(file) if name not in found}
    wrong = {
        name: place
        for name, place in sorted(found.items())
        if name.upper().startswith(prefix) and name.upper() not in {*names, *_OF_TESTS}
    }
    return [_told(name, place, names) for name, place in wrong.items()]


def _told(name: str, place: str, names: list[str]) -> str:
    near = get_close_matches(name.upper(), names, n=1, cutoff=_LIKE_ENOUGH)
    meant = f"is {near[0]} meant?" if near else "docs/settings.md lists all settings."
    return f"{name} (in {place}) is no setting, and has no effect: {meant}"


def _names_in(file: Path) -> list[str]:
    try:
        return list(dotenv_values(file, interpolate=False)) if file.is_file() else []
    except (OSError, UnicodeDecodeError):
        return []
