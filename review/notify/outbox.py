"""Fills the outbox: what webhooks are to be told of, found among new predictions.

A webhook has read the predictions up to its `read_to`. What is found and how far it has read are
written in one transaction, so a crash loses nothing; and of a webhook, a question and a version
there is one event, so whatever is looked at again is told once. Its id follows from these three and
the prediction's time: an event that is made anew, since it was deleted while a clock was ahead, is
known by it; what an edit makes the same version predict is another event.
"""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, and_, case, delete, func, or_, select, tuple_, update
from sqlalchemy.engine import Connection

from core.clock import CLOCK_SET_BACK
from core.database.engine import dialect_insert, reading
from core.database.keys import CHUNK
from core.database.known_tags import spell_tag
from core.database.review_tables import OutgoingEvent, QueuedQuestion, Webhook
from core.database.tables import Prediction, Question
from review.browse.filters import conditions
from review.browse.rows import read_rows
from review.notify.webhooks import Wanted, has_failed, is_enabled, wanted_of

# Predictions are dated, by the database's clock as `now` here, before they are committed: those of
# the last minute are looked at again.
OVERLAP: Final = timedelta(minutes=1)

# For how long the first prediction without a score holds those after it up.
SCORED_WITHIN: Final = timedelta(days=1)

KEPT: Final = timedelta(days=7)  # events that were delivered
KEPT_FAILED: Final = timedelta(days=30)  # those that failed, since then
PAGE: Final = CHUNK  # predictions of one transaction


class _Place(NamedTuple):
    """How far a walk has come, by the order of the predictions."""

    predicted_at: datetime
    question_pk: int
    model_version_id: int


def fill_outbox(engine: Engine, *, now: datetime) -> int:
    """Write an event for all that webhooks are to be told of by now; return how many are new.

    May run twice at once: what one writes, the other leaves.

    Raises:
        DatabaseUnreachable: the pages that were written stay.
    """
    _read_again(engine, now)
    with reading(engine) as connection:
        numbers = connection.scalars(select(Webhook.id).where(is_enabled())).all()
        busy = [number for number in numbers if _has_unread(connection, number, now)]
    return sum(_fill(engine, number, now) for number in busy)


def _read_again(engine: Engine, now: datetime) -> None:
    """Have webhooks read the last day anew that have read on to a time that is still to come.

    The clock was ahead and has been set back: what is predicted now is dated before that time. What
    was predicted before there was the webhook is left out; of one that was added while the clock
    was ahead, what is older than OVERLAP.
    """
    # One that has been read for trails by OVERLAP; one just added may be dated after `now`.
    since_added = Webhook.read_to == Webhook.created_at
    ahead = Webhook.read_to > case((since_added, now + CLOCK_SET_BACK), else_=now)
    with reading(engine) as connection:
        if connection.scalars(select(Webhook.id).where(ahead).limit(1)).first() is None:
            return
    day = now - SCORED_WITHIN
    since = case(
        (Webhook.created_at > now, now - OVERLAP),
        (Webhook.created_at > day, Webhook.created_at),
        else_=day,
    )
    with engine.begin() as connection:
        connection.execute(update(Webhook).where(ahead).values(read_to=since))


def _has_unread(connection: Connection, number: int, now: datetime) -> bool:
    """Whether there are predictions to look at: without any, nothing is written."""
    read_to = select(Webhook.read_to).where(Webhook.id == number).scalar_subquery()
    made = Prediction.predicted_at
    newer = select(Prediction.question_pk).where(made >= read_to, made < now + CLOCK_SET_BACK)
    return connection.execute(newer.limit(1)).first() is not None


def _fill(engine: Engine, number: int, now: datetime) -> int:
    place: _Place | None = None
    total = 0
    while True:
        with engine.begin() as connection:
            place, new = _fill_page(connection, number, place, now)
        total += new
        if place is None:
            return total


def _fill_page(
    connection: Connection, number: int, place: _Place | None, now: datetime
) -> tuple[_Place | None, int]:
    """Write a page's events; return where the next page begins, None after the last one."""
    chosen = select(Webhook.__table__).where(Webhook.id == number, is_enabled())
    webhook = connection.execute(chosen.with_for_update(of=Webhook, skip_locked=True)).first()
    if webhook is None:  # another process fills it, or it is gone
        return None, 0
    wanted = _spelled(connection, wanted_of(webhook))
    until = now + CLOCK_SET_BACK  # what a clock that was ahead has dated is told when it comes due
    if wanted.event == "disputed":
        since = max(webhook.read_to, now - SCORED_WITHIN)
        until = _scored_until(connection, wanted.site, since, now)
    page = connection.execute(_predictions(wanted, webhook.read_to, place, until)).all()
    new = _write_events(connection, webhook, wanted, page, now)
    is_last = len(page) < PAGE
    reached = until if is_last else page[-1].predicted_at
    _move(connection, webhook, min(reached, now - OVERLAP))
    following = None if is_last else _Place(*page[-1][: len(_Place._fields)])
    return following, new


def _spelled(connection: Connection, wanted: Wanted) -> Wanted:
    """With the tag as the site writes it: webhooks that were added long ago have it as typed."""
    if wanted.tag is None:
        return wanted
    return replace(wanted, tag=spell_tag(connection, wanted.tag, sites=[wanted.site]))


def _scored_until(connection: Connection, site: str, since: datetime, now: datetime) -> datetime:
    """The moment of the first prediction since then that waits for its score, or now.

    Whether tags are disputed shows when the question has been scored, some minutes later.
    """
    first = select(func.min(QueuedQuestion.predicted_at)).where(
        QueuedQuestion.uncertainty.is_(None),
        QueuedQuestion.site == site,
        QueuedQuestion.predicted_at >= since,
    )
    found: datetime | None = connection.execute(first).scalar()
    return now if found is None else min(found, now)


def _predictions(wanted: Wanted, since: datetime, place: _Place | None, until: datetime) -> Any:
    made = Prediction.predicted_at
    key = (made, Prediction.question_pk, Prediction.model_version_id)
    rows = (
        select(*key, QueuedQuestion.label_quality)
        .join(  # of a question, its newest prediction
            QueuedQuestion,
            (QueuedQuestion.question_pk == Prediction.question_pk)
            & (QueuedQuestion.model_version_id == Prediction.model_version_id),
        )
        .where(QueuedQuestion.site == wanted.site, made >= since, made < until)
        .order_by(*key)
        .limit(PAGE)
    )
    if place is None:
        return rows
    return rows.where(made >= place.predicted_at, tuple_(*key) > tuple_(*place))


def _write_events(
    connection: Connection, webhook: Any, wanted: Wanted, page: Any, now: datetime
) -> int:
    wanted_rows = [row for row in page if _is_wanted(row, wanted)]
    versions = _without_told(
        connection, webhook.id, {row.question_pk: row.model_version_id for row in wanted_rows}
    )
    matching = select(Question.id).where(Question.id.in_(versions), *conditions(wanted.to_filter()))
    pks = sorted(connection.scalars(matching)) if versions else []
    made = {row.question_pk: row.predicted_at for row in wanted_rows}
    rows = [
        {
            "webhook_id": webhook.id,
            "question_pk": pk,
            "model_version_id": versions[pk],
            "payload": {
                "id": _event_id(webhook, pk, versions[pk], made[pk]),
                "event": wanted.event,
                "question": question.to_json(),
            },
            "created_at": now,
            "next_try_at": now,
        }
        for pk, question in zip(pks, read_rows(connection, pks), strict=True)
    ]
    if not rows:
        return 0
    insert = dialect_insert(connection, OutgoingEvent).values(rows).on_conflict_do_nothing()
    return len(connection.execute(insert.returning(OutgoingEvent.id)).all())


def _without_told(connection: Connection, number: int, versions: dict[int, int]) -> dict[int, int]:
    """Those whose event does not stand yet: the last minute's come again and again."""
    told = select(OutgoingEvent.question_pk, OutgoingEvent.model_version_id).where(
        OutgoingEvent.webhook_id == number, OutgoingEvent.question_pk.in_(versions)
    )
    return dict(versions.items() - {(pk, version) for pk, version in connection.execute(told)})


def _is_wanted(row: Any, wanted: Wanted) -> bool:
    if wanted.event == "suggested":
        return True
    return row.label_quality is not None and row.label_quality <= wanted.max_quality


def _event_id(webhook: Any, pk: int, version: int, predicted_at: datetime) -> str:
    """The same for the same event; another one's for a webhook of another database or time."""
    added = f"{webhook.url} {webhook.id} {webhook.created_at.timestamp()}"
    name = f"{added} {pk} {version} {predicted_at.timestamp()}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _move(connection: Connection, webhook: Any, to: datetime) -> None:
    if to > webhook.read_to:
        change = update(Webhook).where(Webhook.id == webhook.id)
        connection.execute(change.values(read_to=to))


def prune(engine: Engine, *, now: datetime) -> int:
    """Delete events that were delivered a week ago, or failed a month ago; return how many.

    One of a prediction that may be looked at again stays, so that it is not told twice.
    """
    # A failed one's next try is NEVER, which the index of what is due answers.
    failed = (has_failed(), OutgoingEvent.delivered_at.is_(None))
    old = or_(
        OutgoingEvent.delivered_at < now - KEPT,
        and_(*failed, OutgoingEvent.failed_at < now - KEPT_FAILED),
    )
    with engine.begin() as connection:
        webhooks = connection.execute(select(Webhook.id, Webhook.read_to)).all()
        return sum(
            connection.execute(
                delete(OutgoingEvent).where(
                    OutgoingEvent.webhook_id == number,
                    old,
                    OutgoingEvent.created_at < read_to - SCORED_WITHIN,
                )
            ).rowcount
            for number, read_to in webhooks
        )
