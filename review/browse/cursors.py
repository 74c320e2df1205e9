"""Where a page ends: a text that the next request hands in, and that means nothing to others."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from core.errors import WrongCursor

LARGEST: Final = 1 << 63  # what a database holds as a number


@dataclass(frozen=True, slots=True)
class Place:
    """The last question that was looked at.

    Attributes:
        number: the site's number of it.
        created_at: when it was asked, where the questions come by date.
    """

    number: int
    created_at: datetime | None = None

    def to_cursor(self) -> str:
        """The text for an address."""
        at = self.created_at.timestamp() if self.created_at else None
        return base64.urlsafe_b64encode(json.dumps([self.number, at]).encode()).decode().rstrip("=")


def place_of(cursor: str | None, *, by_date: bool) -> Place | None:
    """The place that a cursor stands for; None at the beginning.

    Raises:
        WrongCursor: it is none of ours, or of the other order.
    """
    if not cursor:
        return None
    try:
        number, at = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        created_at = None if at is None else datetime.fromtimestamp(float(at), UTC)
        place = Place(int(number), created_at)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError):
        raise WrongCursor("The cursor cannot be read: begin at the first page.") from None
    if not -LARGEST <= place.number < LARGEST:
        raise WrongCursor("The cursor names no question: begin at the first page.")
    if by_date != (created_at is not None):
        raise WrongCursor("The cursor belongs to another filter: begin at the first page.")
    return place
