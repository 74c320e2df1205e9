"""Reads the made-up site's prose, TOML files, each of them once."""

import tomllib
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from core.errors import TaggerError
from demo.site.material import Story, Topic

T = TypeVar("T")

TEXTS = Path(__file__).with_name("texts")
# In this order: another one, and the same seed makes another site.
TOPIC_GROUPS = (
    "linear",
    "grouped",
    "temporal",
    "inference",
    "structure",
    "learning",
    "causes",
    "theory",
    "practice",
    "computing",
)

_KNOWN_ONLY = ConfigDict(extra="forbid")


class BrokenProse(TaggerError):
    """A file of the made-up site's prose does not hold what it should."""


@cache
def load_stories() -> tuple[Story, ...]:
    """Return the settings that questions borrow, from bakeries to beehives."""
    return read_stories(TEXTS / "stories.toml")


@cache
def load_topics() -> tuple[Topic, ...]:
    """Return the fields of statistics that the site is about, with their problems."""
    files = (TEXTS / "topics" / f"{group}.toml" for group in TOPIC_GROUPS)
    return tuple(topic for file in files for topic in read_topics(file))


def read_stories(file: Path) -> tuple[Story, ...]:
    """Read the tables `[[stories]]` of a file.

    Raises:
        BrokenProse: it is no TOML, or a story lacks something or has what no story has.
    """
    return _read(file, "stories", TypeAdapter(dict[str, tuple[Story, ...]], config=_KNOWN_ONLY))


def read_topics(file: Path) -> tuple[Topic, ...]:
    """Read the tables `[[topics]]` of a file, with their `[[topics.problems]]`.

    Raises:
        BrokenProse: it is no TOML, or a topic lacks something or has what no topic has.
    """
    return _read(file, "topics", TypeAdapter(dict[str, tuple[Topic, ...]], config=_KNOWN_ONLY))


def _read(file: Path, table: str, shape: TypeAdapter[dict[str, T]]) -> T:
    try:
        return shape.validate_python(tomllib.loads(file.read_text(encoding="utf-8")))[table]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BrokenProse(f"{file}: {_place(first['loc'])}: {first['msg']}") from error
    except KeyError:
        raise BrokenProse(f"{file}: without [[{table}]]") from None
    except (OSError, ValueError) as error:  # ValueError: not TOML, not UTF-8
        raise BrokenProse(f"{file}: {error}") from error


def _place(location: tuple[str | int, ...]) -> str:
    """Return "topics 3, problems 4, titles" for a place in a file, counted from 1."""
    words = "".join(f" {part + 1}" if isinstance(part, int) else f", {part}" for part in location)
    return words.removeprefix(", ")
