"""How far a page has come by the dates of its items, of which one may be wrong.

An item that is dated beyond what follows it would carry the high-water mark past all between: one
of 1970, say, or one whose last activity came after its list was put in order.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

OVERLAP: Final = 2  # items of a page that the next one holds, too


def dates_in_order(
    dates: Iterable[int | None], second: int, *, onward: Literal[1, -1]
) -> list[int]:
    """The dates of a page in the order that was asked for, the furthest first.

    Args:
        dates: of the page's items as they come, in epoch seconds; None where an item says none.
        second: that was asked for, with all beyond it.
        onward: 1 where dates ascend, -1 where they descend.
    """
    in_order: list[int] = []
    for date in reversed(list(dates)):
        if date is None or (date - second) * onward < 0:
            continue
        if not in_order or (in_order[-1] - date) * onward >= 0:
            in_order.append(date)
    return in_order


def find_furthest(in_order: Sequence[int], *, is_last: bool, overlap: int = OVERLAP) -> int | None:
    """The date that a page has come to.

    Of the last items nothing tells whether they are dated beyond what follows them: the next page
    begins with the date of one before them, and holds some that were read.

    Args:
        in_order: the page's dates, the furthest first.
        is_last: whether there is no page behind it.
        overlap: how many that are; all of them but one may be dated wrong.
    """
    if not in_order:
        return None
    return in_order[0 if is_last else min(overlap, len(in_order)) - 1]
