"""What a feed tells: questions with new suggestions, or whose author's tags the model disputes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import not_, select
from sqlalchemy.engine import Connection

from core.database.review_tables import QueuedQuestion
from core.database.tables import Question
from core.questions.gone import is_gone
from review.browse.filters import BrowseFilter, conditions
from review.browse.rows import BrowsedQuestion, read_rows

Kind = Literal["suggested", "disputed"]

MOST: Final = 50  # entries of a feed
LOOKED_AT: Final = 2_000  # questions among which they are looked for


@dataclass(frozen=True, slots=True)
class Entry:
    """A question of a feed, and when its newest prediction was made."""

    question: BrowsedQuestion
    at: datetime


def find_entries(connection: Connection, kind: Kind, chosen: BrowseFilter) -> list[Entry]:
    """Return the entries of a feed: of open questions, as the queue of the review has them.

    Those that their site has deleted since are left out.

    Args:
        connection: reads only.
        kind: suggested are the newest predictions with a suggested tag; disputed those whose
            author's tags have the lowest label quality.
        chosen: only questions that match it, of the first 2,000 in the feed's order.
    """
    queue = QueuedQuestion
    is_open = (queue.site == chosen.site, queue.reviews < queue.wanted_reviews)
    first = select(queue.question_pk, queue.predicted_at, queue.label_quality).where(*is_open)
    if kind == "suggested":
        first = first.order_by(queue.predicted_at.desc())
    else:
        first = first.where(queue.label_quality.is_not(None)).order_by(queue.label_quality)
    stretch = first.limit(LOOKED_AT).subquery()
    order = stretch.c.predicted_at.desc() if kind == "suggested" else stretch.c.label_quality
    matching = (
        select(Question.id, stretch.c.predicted_at)
        .join(stretch, stretch.c.question_pk == Question.id)
        .where(*conditions(chosen), not_(is_gone()))
        .order_by(order, Question.id.desc())
        .limit(MOST)
    )
    moments: dict[int, datetime] = dict(connection.execute(matching).all())
    rows = read_rows(connection, list(moments))
    return [Entry(row, at) for row, at in zip(rows, moments.values(), strict=True)]
