"""The order in which a site's questions were asked, and which of them a reader has seen.

The order is that of creation dates, and within one date that of rows. Questions without a date come
first, in the order of their rows: they are from files, whose makers had them long before. A site's
own numbers say less than they seem to: a question that moved there has a new number and its old
date, and each dump since 2025 holds a made-up post whose number is above all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, or_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from core.database.tables import Question

# Two bogus posts stand in each site's dump since 2025, a question of the number 1000000001 and an
# answer of 1000000010 (meta.stackexchange.com/q/412018); a few beside them are left out too.
MADE_UP_NUMBERS: Final = range(1_000_000_000, 1_000_000_100)


@dataclass(frozen=True, slots=True)
class Seen:
    """Which of a site's questions a training run or a model may have seen.

    Attributes:
        until: those created until then; None where none of them has a date.
        row: those up to this key of `questions`; None where that is another database's.
        number: those up to this number of the site's own: what runs and bundles of before tell in
            place of the two others.
    """

    until: datetime | None = None
    row: int | None = None
    number: int | None = None

    def includes(self, *, row: int, created_at: datetime | None, number: int) -> bool:
        """Whether a question is among them; of one that is not known to be, it is believed not.

        Where none of them had a date, the row decides: the API may have told dates since.
        """
        if self.until is None and self.row is None:
            return self._last_number() >= number
        if created_at is not None and self.until is not None and created_at > self.until:
            return False
        if self.row is None:
            return created_at is not None
        return row <= self.row

    def _last_number(self) -> int:
        return -1 if self.number is None or is_made_up(self.number) else self.number


def is_made_up(number: int) -> bool:
    """Whether a question's number is one that the dumps' made-up posts have."""
    return number in MADE_UP_NUMBERS


def is_real() -> ColumnElement[bool]:
    """Whether a row of `questions` is none of the dumps' made-up posts."""
    first, last = MADE_UP_NUMBERS[0], MADE_UP_NUMBERS[-1]
    return or_(Question.question_id < first, Question.question_id > last)


def not_before(created_at: datetime | None, row: int) -> ColumnElement[bool]:
    """Whether a row of `questions` is that of a date and key, or comes after it."""
    if created_at is None:
        return or_(Question.created_at.is_not(None), Question.id >= row)
    same = and_(Question.created_at == created_at, Question.id >= row)
    # The first condition is for the index; the second alone would be read over all of it.
    return and_(Question.created_at >= created_at, or_(Question.created_at > created_at, same))


def stretches() -> Sequence[tuple[ColumnElement[bool], Sequence[InstrumentedAttribute[Any]]]]:
    """Which rows of `questions` come first, and which then: conditions, each with its order.

    Two statements in place of one, so that each reads an index in its order: databases differ in
    where they put what has no date, and neither is to sort all texts.
    """
    return (
        (Question.created_at.is_(None), (Question.id,)),
        (Question.created_at.is_not(None), (Question.created_at, Question.id)),
    )
