"""Requesting that stored questions are tagged, or tagged again.

A question that a batch has claimed is requested anew: the batch may be an older version's, or have
begun before the request. Its `requested_at` moves, so finish() leaves the request as it is, and
drops what that batch made of the question. One that waits unclaimed needs nothing, since the batch
that claims it is the live version's.
"""

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, false, literal, not_, or_, select, true
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.engine import dialect_insert
from core.database.review_tables import Review, Verdict
from core.database.tables import ModelVersion, Prediction, Question, TaggingRequest, UtcDateTime
from core.questions.gone import is_gone
from core.questions.lifecycle import Priority, is_claimed, is_pending, is_requested
from core.questions.lock_order import lock_in_order
from core.settings import Retag


def request_tagging(
    connection: Connection,
    *,
    site: str,
    now: datetime,
    since: datetime | None = None,
    untagged_only: bool = True,
) -> int:
    """Request tagging of a site's stored questions; the next sweep enqueues them.

    Those that are on their site no more are left out.

        with engine.begin() as connection:
            count = request_tagging(connection, site="stats", now=clock.now())

    Args:
        connection: in a transaction.
        site: its name.
        now: UTC.
        since: only questions created at or after it.
        untagged_only: leave out those that the live model version has tagged as they stand.

    Returns:
        How many questions are pending now that were not before, or are requested anew.
    """
    chosen = [not_(is_gone()), or_(not_(is_requested()), is_requested(is_claimed()))]
    if since is not None:
        chosen.append(Question.created_at >= since)
    if untagged_only:
        chosen.append(not_(_is_tagged_by_live_version()))
    return _request(connection, site, *chosen, now=now)


def retag(
    connection: Connection, site: str, which: Retag, *, now: datetime, recent: timedelta
) -> int:
    """Request that tagged questions are tagged again, as a promotion does in its transaction.

    Questions whose tagging nobody has requested yet, as those of a training corpus, stay so;
    parked ones stay parked. Those that are on their site no more are left out.

    Args:
        connection: in a transaction.
        site: its name.
        which: `pending` are those open on the site of which no person has said anything;
            `recent` those created, or where that is not known fetched, within `recent`.
        now: UTC.
        recent: how far back `recent` reaches.

    Returns:
        How many questions are requested.
    """
    if which == "none":
        return 0
    return _request(connection, site, *is_to_retag(which, now - recent), now=now)


def is_to_retag(which: Retag, since: datetime) -> tuple[ColumnElement[bool], ...]:
    """What a row of `questions` fulfils that retag() would request; nothing does for `none`."""
    if which == "none":
        return (false(),)
    tagged = and_(not_(is_requested()), _is_tagged())
    return not_(is_gone()), or_(tagged, is_requested(is_claimed())), _is_among(which, since)


def _request(connection: Connection, site: str, *chosen: ColumnElement[bool], now: datetime) -> int:
    # A batch that is just being written comes first: what it wrote is seen by the next statement.
    # Its questions are locked, and not its requests, which the statement locks among the others.
    lock_in_order(connection, Question.site == site, is_requested(is_claimed()))
    values = {
        "question_pk": Question.id,
        "site": Question.site,
        "priority": literal(Priority.BACKFILL.value),
        "requested_at": literal(now, UtcDateTime),
        "attempts": literal(0),
    }
    # In the order of keys, as by those who claim and finish.
    rows = select(*values.values()).where(Question.site == site, *chosen).order_by(Question.id)
    insert = dialect_insert(connection, TaggingRequest).from_select(list(values), rows)
    anew = {"requested_at": now, "enqueued_at": None, "attempts": 0, "error": None}
    # One that was parked meanwhile stays so, with its reason.
    upsert = insert.on_conflict_do_update(
        index_elements=["question_pk"], set_=anew, where=is_pending()
    )
    return connection.execute(upsert.execution_options(preserve_rowcount=True)).rowcount


def _is_among(which: Retag, since: datetime) -> ColumnElement[bool]:
    if which == "pending":
        return and_(
            Question.state == "open",
            not_(exists().where(Review.question_pk == Question.id, Review.outcome == "saved")),
            not_(exists().where(Verdict.question_pk == Question.id)),
        )
    if which == "recent":
        undated = and_(Question.created_at.is_(None), Question.fetched_at >= since)
        return or_(Question.created_at >= since, undated)  # by which an index leads
    return true()


def _is_tagged() -> ColumnElement[bool]:
    return exists().where(Prediction.question_pk == Question.id)


def _is_tagged_by_live_version() -> ColumnElement[bool]:
    return exists().where(
        Prediction.question_pk == Question.id,
        Prediction.content_hash == Question.content_hash,
        Prediction.model_version_id == ModelVersion.id,
        ModelVersion.live,
        ModelVersion.site == Question.site,
    )
