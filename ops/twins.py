"""Makes one question of two that were stored under two names of their site.

The newer text stays, as where a file is imported over the other (`core/questions/store.py`), with
the predictions, verdicts, reviews and notes of both. Of what both have, such as two verdicts of one
reviewer on one tag, the later stays.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, exists, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute, aliased

from core.database.review_tables import (
    Note,
    OutgoingEvent,
    QueuedQuestion,
    Review,
    ReviewChange,
    Verdict,
)
from core.database.tables import Prediction, Question, TaggingRequest
from core.questions.review_queue import recount
from core.questions.store import STORE_ROWS, FetchedQuestion, store

# Rows of a question, and what besides it makes two the same.
_SAID: Final[tuple[tuple[type[Any], Sequence[InstrumentedAttribute[Any]]], ...]] = (
    (Verdict, (Verdict.reviewer, Verdict.tag)),
    (Review, (Review.reviewer,)),
)
_OF_QUESTION: Final[tuple[tuple[type[Any], Sequence[InstrumentedAttribute[Any]]], ...]] = (
    *_SAID,
    (ReviewChange, (ReviewChange.action_id,)),
    (OutgoingEvent, (OutgoingEvent.webhook_id, OutgoingEvent.model_version_id)),
    (TaggingRequest, ()),
    (QueuedQuestion, ()),
    (Note, (Note.id,)),
)


class Twins:
    """The questions that two names of one site share.

    Args:
        connection: in a transaction that holds the locks of both.
        old: the name that goes.
        new: the one that stays.
        now: UTC.
    """

    def __init__(self, connection: Connection, old: str, new: str, now: datetime) -> None:
        self._connection, self._old, self._new, self._now = connection, old, new, now
        twins = self._select().subquery()
        self._old_keys, self._new_keys = select(twins.c.old), select(twins.c.new)

    def merge(self) -> int:
        """Put all that is there of the old ones into the new ones; return how many there were."""
        pairs = self._connection.execute(self._select()).all()
        if not pairs:
            return 0
        newer = [pair.old for pair in pairs if _when(pair, "old") > _when(pair, "new")]
        for start in range(0, len(newer), STORE_ROWS):
            self._store_anew(newer[start : start + STORE_ROWS])
        for table, keys in _SAID:
            self._drop_earlier(table, keys)
        self._merge_queued()
        for table, keys in _OF_QUESTION:
            self._move(table, keys)
        self._move_predictions()
        self._delete([pair.old for pair in pairs])
        recount(self._connection, [pair.new for pair in pairs])
        return len(pairs)

    def _delete(self, pks: Sequence[int]) -> None:
        for start in range(0, len(pks), STORE_ROWS):
            chosen = Question.id.in_(pks[start : start + STORE_ROWS])
            self._connection.execute(delete(Question).where(chosen))

    def _select(self) -> Any:
        old, new = aliased(Question), aliased(Question)
        return (
            select(
                old.id.label("old"),
                new.id.label("new"),
                old.last_activity_at.label("old_activity"),
                new.last_activity_at.label("new_activity"),
                old.fetched_at.label("old_fetched"),
                new.fetched_at.label("new_fetched"),
            )
            .join(new, and_(new.question_id == old.question_id, new.site == self._new))
            .where(old.site == self._old)
            .order_by(new.id)
        )

    def _twin_of(self, table: type[Any], *, at: str) -> ColumnElement[int]:
        """For rows of a table: the key under one of the names of what is theirs under the other."""
        twin, given = aliased(Question), aliased(Question)
        other = self._old if at == self._new else self._new
        return (
            select(twin.id)
            .join(given, twin.question_id == given.question_id)
            .where(given.id == table.question_pk, given.site == other, twin.site == at)
            .correlate(table)  # also where it stands in a query inside of another
            .scalar_subquery()
        )

    def _store_anew(self, pks: Sequence[int]) -> None:
        rows = self._connection.execute(select(Question.__table__).where(Question.id.in_(pks)))
        found = [_fetched(row, self._new) for row in rows]
        store(self._connection, found, now=self._now, request_tagging=False)

    def _drop_earlier(self, table: type[Any], keys: Sequence[InstrumentedAttribute[Any]]) -> None:
        """Delete the new questions' rows where the same ones of the old are later."""
        later = aliased(table)
        same = (getattr(later, key.key) == key for key in keys)
        twin = self._twin_of(table, at=self._old)
        is_earlier = exists().where(later.question_pk == twin, *same, later.at > table.at)
        chosen = (table.question_pk.in_(self._new_keys), is_earlier)
        self._connection.execute(delete(table).where(*chosen))

    def _merge_queued(self) -> None:
        """Keep the newer prediction, and how many reviews were asked for, where both are queued."""
        other = aliased(QueuedQuestion)
        twin = self._twin_of(QueuedQuestion, at=self._old)

        def of_other(column: InstrumentedAttribute[Any]) -> Any:
            return select(column).where(other.question_pk == twin).scalar_subquery()

        both = update(QueuedQuestion).where(QueuedQuestion.question_pk.in_(self._new_keys))
        wanted, predicted = of_other(other.wanted_reviews), of_other(other.predicted_at)
        more = both.where(wanted > QueuedQuestion.wanted_reviews)
        self._connection.execute(more.values(wanted_reviews=wanted))
        values = {"model_version_id": of_other(other.model_version_id), "predicted_at": predicted}
        later = both.where(predicted > QueuedQuestion.predicted_at)
        unscored = {"uncertainty": None, "label_quality": None}
        self._connection.execute(later.values(**values, **unscored))

    def _move(self, table: type[Any], keys: Sequence[InstrumentedAttribute[Any]]) -> None:
        """Give the new questions the old ones' rows, but for those that they have themselves."""
        there = aliased(table)
        same = (getattr(there, key.key) == key for key in keys)
        twin = self._twin_of(table, at=self._new)
        is_there = exists().where(there.question_pk == twin, *same)
        moved = update(table).where(table.question_pk.in_(self._old_keys), ~is_there)
        self._connection.execute(moved.values(question_pk=twin))

    def _move_predictions(self) -> None:
        """Insert them anew, and let the others go with their questions: triggers see both."""
        columns = [column for column in Prediction.__table__.c if column.name != "question_pk"]
        names = ["question_pk", *(column.name for column in columns)]
        there = aliased(Prediction)
        twin = self._twin_of(Prediction, at=self._new)
        is_there = exists().where(
            there.question_pk == twin, there.model_version_id == Prediction.model_version_id
        )
        chosen = (Prediction.question_pk.in_(self._old_keys), ~is_there)
        moved = select(twin, *columns).where(*chosen)
        self._connection.execute(insert(Prediction).from_select(names, moved))


def _when(pair: Any, name: str) -> tuple[float, float]:
    """By what two rows of one question are compared: its last activity, then its fetching."""
    activity, fetched = getattr(pair, f"{name}_activity"), getattr(pair, f"{name}_fetched")
    return (activity.timestamp() if activity is not None else -1.0), fetched.timestamp()


def _fetched(row: Any, site: str) -> FetchedQuestion:
    """A stored question as a file of another site's name would give it; it keeps the right link."""
    return FetchedQuestion(
        site=site,
        question_id=row.question_id,
        title=row.title,
        body=row.body,
        author_tags=tuple(row.author_tags),
        owner=row.owner,
        licence=row.licence,
        score=row.score,
        answer_count=row.answer_count,
        created_at=row.created_at,
        last_activity_at=row.last_activity_at,
        state=row.state,
        state_at=row.state_told_at or row.state_at,
    )
