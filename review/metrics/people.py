"""The figures of the review: verdicts, its queue, and what others are told of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, func, literal_column, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.review_tables import OutgoingEvent, QueuedQuestion, Review, Verdict
from core.database.tables import Question
from core.questions.gone import is_gone
from core.service.counts import count_open
from review.metrics.families import Sample
from review.notify.webhooks import event_counts

VERDICTS: Final = ("accepted", "rejected", "added")
_DAY = timedelta(days=1)

# As the partial indexes of the queue have them, which then answer alone.
_STATES: Final[dict[str, ColumnElement[bool]]] = {
    "open": QueuedQuestion.reviews < QueuedQuestion.wanted_reviews,
    "conflicting": literal_column("conflicting"),  # SQLite's index has no `= 1`
    "unscored": QueuedQuestion.uncertainty.is_(None),
}


def of_people(connection: Connection, sites: Sequence[str], *, now: datetime) -> Iterator[Sample]:
    """Verdicts, reviews and the queue by site; and events that wait to be sent."""
    yield from _of_verdicts(connection, sites, now)
    yield from _of_queue(connection, sites)
    unconfirmed = select(*event_counts()).where(OutgoingEvent.delivered_at.is_(None))
    counts = connection.execute(unconfirmed).one()
    for name, count in zip(("waiting", "failing", "failed"), counts, strict=True):
        yield Sample(f"tagger_outgoing_events_{name}", (), count)


def _of_queue(connection: Connection, sites: Sequence[str]) -> Iterator[Sample]:
    gone = _gone_in_queue(connection, sites)
    for state, condition in _STATES.items():
        if state == "open":
            counts = count_open(connection, sites)
        else:
            rows = select(QueuedQuestion.site, func.count()).where(condition)
            counts = dict(connection.execute(rows.group_by(QueuedQuestion.site)).all())
        for site in sites:
            count = counts.get(site, 0) - gone.get((site, state), 0)
            yield Sample("tagger_review_queue", (site, state), max(0, count))


def _gone_in_queue(connection: Connection, sites: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many of the queue are gone, by site and state.

    Few are, and an index has them. One statement, whose conditions stand where no index of the
    queue fits: led by one, SQLite looked up each open question, five seconds of a million.
    """
    numbers = [func.sum(case((condition, 1), else_=0)) for condition in _STATES.values()]
    rows = (
        select(Question.site, *numbers)
        .join(QueuedQuestion, QueuedQuestion.question_pk == Question.id)
        .where(Question.site.in_(sites), is_gone())
        .group_by(Question.site)
    )
    return {
        (site, state): count
        for site, *counts in connection.execute(rows)
        for state, count in zip(_STATES, counts, strict=True)
    }


def _of_verdicts(connection: Connection, sites: Sequence[str], now: datetime) -> Iterator[Sample]:
    verdicts = select(Verdict.site, Verdict.verdict, func.count()).group_by(
        Verdict.site, Verdict.verdict
    )
    counts = {(site, verdict): n for site, verdict, n in connection.execute(verdicts)}
    reviews = (
        select(Question.site, func.count())
        .select_from(Review)
        .join(Question, Question.id == Review.question_pk)
        .where(Review.at > now - _DAY, Review.outcome == "saved")
        .group_by(Question.site)
    )
    reviewed = dict(connection.execute(reviews).all())
    for site in sites:
        for verdict in VERDICTS:
            yield Sample("tagger_verdicts", (site, verdict), counts.get((site, verdict), 0))
        yield Sample("tagger_reviews_last_day", (site,), reviewed.get(site, 0))
