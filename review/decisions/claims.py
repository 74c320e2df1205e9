"""Claims: that a question stands on a reviewer's screen, so that no other gets it by accident.

A claim ends with the reviewer's decision, or by itself after some minutes; deciding needs none.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_
from sqlalchemy.engine import Connection

from core.database.engine import dialect_insert
from core.database.review_tables import ReviewClaim

LASTS: Final = timedelta(minutes=10)
ANY_QUEUE: Final = ""  # of a claim that comes back first in whatever queue is asked for


def claim_question(
    connection: Connection, pk: int, reviewer: str, *, queue: str, now: datetime
) -> bool:
    """Claim a question, or renew the own claim; commits nothing.

    On Postgres one who asks at the same moment waits for this transaction, then sees the claim.

    Returns:
        Whether it is the reviewer's now; False where another one's claim stands.
    """
    insert = dialect_insert(connection, ReviewClaim)
    row = {"question_pk": pk, "reviewer": reviewer, "until": now + LASTS, "queue": queue}
    statement = insert.values(row).on_conflict_do_update(
        index_elements=["question_pk"],
        set_={name: insert.excluded[name] for name in ("reviewer", "until", "queue")},
        where=or_(ReviewClaim.reviewer == reviewer, ReviewClaim.until <= now),
    )
    return connection.execute(statement.returning(ReviewClaim.question_pk)).first() is not None


def release_claim(connection: Connection, pk: int, reviewer: str) -> None:
    """End the reviewer's claim, if there is one; commits nothing."""
    own = (ReviewClaim.question_pk == pk, ReviewClaim.reviewer == reviewer)
    connection.execute(delete(ReviewClaim).where(*own))
