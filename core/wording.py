"""How messages to people word things that stand in many of them."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Final

_SIMILAR: Final = 0.6  # from which similarity on a name may have been meant by another
_MOST: Final = 3


def near(
    given: str, known: Collection[str], *, most: int = _MOST, similar: float = _SIMILAR
) -> list[str]:
    """Return the known names that are most like one that was given, the nearest first."""
    return get_close_matches(given, list(known), n=most, cutoff=similar)


def near_matches(names: Iterable[str]) -> str:
    """Return what a message adds to a name that there is not: empty where nothing is near.

    >>> near_matches(["stats", "startups"])
    ' (near matches: stats, startups)'
    """
    listed = ", ".join(names)
    return f" (near matches: {listed})" if listed else ""


def counted(count: int, thing: str) -> str:
    """Return a number of things: in thousands, and one in the singular.

    >>> counted(1, "question"), counted(1200, "tagged question")
    ('1 question', '1,200 tagged questions')
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
