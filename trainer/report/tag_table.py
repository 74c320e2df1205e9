"""The table of a report that has a row for each tag and sorts by any column."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from trainer.report.by_tag import TagRow

HEADS: Final = (
    "tag",
    "to learn from",
    "held out",
    "threshold",
    "precision",
    "recall",
    "F1",
    "average precision",
)


def tag_table(rows: Sequence[TagRow]) -> str:
    """All tags, those with most questions to learn from first; sort.js lets a reader sort them."""
    heads = "".join(f'<th scope="col"{_sorting(place)}>{head}</th>' for place, head in _heads())
    body = "\n".join(_row(row) for row in rows)
    return (
        '<div class="wide tall" role="region" aria-label="By tag" tabindex="0">'
        f'<table class="sortable"><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _heads() -> list[tuple[int, str]]:
    return list(enumerate(HEADS))


def _sorting(column: int) -> str:
    """How the rows stand at first, and in which order a first click puts a column of words."""
    return {0: ' data-first="ascending"', 1: ' aria-sort="descending"'}.get(column, "")


def _row(row: TagRow) -> str:
    counts = (_count(row.training), _count(row.holdout))
    threshold = _share(row.threshold) if row.threshold <= 1 else '<td data-value="2">never</td>'
    shares = (row.precision, row.recall, row.f1, row.average_precision)
    cells = "".join((*counts, threshold, *map(_share, shares)))
    return f'<tr><th scope="row">{escape(row.tag)}</th>{cells}</tr>'


def _count(number: int) -> str:
    return f'<td data-value="{number}">{number:,}</td>'


def _share(number: float) -> str:
    if math.isnan(number):
        return '<td data-value="">&ndash;</td>'
    return f'<td data-value="{number:.6g}">{number:.3f}</td>'
