"""Letting predictions of pruned versions go, of which nobody asks any more.

What stays, however old: a question's newest prediction, which results and review show; those of
questions on which people have decided, for what a reviewer was shown is part of the verdict; and
those that are not yet counted into the live agreement, which itself stays for ever.
"""

from datetime import datetime

from sqlalchemy import Engine, delete, exists, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.keys import one_of
from core.database.review_tables import Review, Verdict
from core.database.tables import ModelVersion, Prediction, Question
from core.questions.lock_order import lock_in_order
from core.questions.suggested import is_newest

PAGE = 2000  # predictions deleted in one transaction


def prune_pages(
    engine: Engine, *, before: datetime, site: str | None = None, most_pages: int | None = None
) -> int:
    """Delete page after page, each in a transaction of its own; return how many predictions.

        prune_pages(engine, before=clock.now() - timedelta(days=90), site="stats")

    Args:
        engine: of the database.
        before: only predictions made before it (UTC).
        site: only of its versions.
        most_pages: after which the rest is left for another time.
    """
    deleted, after, pages = 0, 0, 0
    while most_pages is None or pages < most_pages:
        with engine.begin() as connection:
            gone, end = prune_predictions(connection, before=before, site=site, after=after)
        if end is None:
            break
        deleted, after, pages = deleted + gone, end, pages + 1
    return deleted


def prune_predictions(
    connection: Connection,
    *,
    before: datetime,
    site: str | None = None,
    after: int = 0,
    limit: int = PAGE,
) -> tuple[int, int | None]:
    """Delete one page of the predictions of pruned versions; commits nothing.

    Args:
        connection: in a transaction that writes.
        before: only predictions made before it (UTC).
        site: only of its versions.
        after: the question's key behind which the page begins.
        limit: how many predictions a page has at most.

    Returns:
        How many were deleted, and behind which key the next page begins; None at the end.
    """
    pruned = select(ModelVersion.id).where(ModelVersion.pruned_at.is_not(None))
    if site is not None:
        pruned = pruned.where(ModelVersion.site == site)
    chosen = (
        Prediction.model_version_id.in_(connection.scalars(pruned).all()),
        Prediction.predicted_at < before,
        Prediction.scored_at.is_not(None),
        ~is_newest(),
        ~_is_decided_on(),
    )
    page = (
        select(Prediction.question_pk)
        .where(*chosen, Prediction.question_pk > after)
        .order_by(Prediction.question_pk)
        .limit(limit)
    )
    pks = connection.scalars(page).all()
    if not pks:
        return 0, None
    lock_in_order(connection, one_of(connection, Question.id, set(pks)))  # as who decides on them
    gone = delete(Prediction).where(one_of(connection, Prediction.question_pk, set(pks)), *chosen)
    return connection.execute(gone).rowcount, pks[-1]


def _is_decided_on() -> ColumnElement[bool]:
    reviewed = exists().where(Review.question_pk == Prediction.question_pk)
    return reviewed | exists().where(Verdict.question_pk == Prediction.question_pk)
