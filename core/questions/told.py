"""What is taken of a known question that is told again: whose word is the later one?

The API says what is so now; a file, what was so once, and not when that was.
"""

from typing import Any

from sqlalchemy import Boolean, and_, case, func, literal_column, or_
from sqlalchemy.sql import ColumnElement

from core.database.tables import Question

_COUNTS = ("score", "answer_count")

# No parameters: with one in its upsert, SQLAlchemy sends Postgres each row by itself.
_OPEN: ColumnElement[str] = literal_column("'open'")
_ANSWERED: ColumnElement[str] = literal_column("'answered'")
_MIGRATED: ColumnElement[str] = literal_column("'migrated'")
# A question that was active later than that when it was stored: so says a wrong file or answer.
# Half a day, since clocks are apart by minutes, or by a zone, and what is fresh must stay.
_IS_AHEAD: dict[bool, ColumnElement[bool]] = {  # by whether it is SQLite
    True: literal_column(
        "questions.last_activity_at > datetime(questions.fetched_at, '+12 hours')", Boolean
    ),
    False: literal_column(
        "questions.last_activity_at > questions.fetched_at + interval '12 hours'", Boolean
    ),
}


def is_as_late(excluded: Any, *, is_sqlite: bool) -> ColumnElement[bool]:
    """Whether a known question's text gives way: no later activity is stored, but for one ahead."""
    return or_(
        Question.last_activity_at.is_(None),
        excluded.last_activity_at >= Question.last_activity_at,
        _IS_AHEAD[is_sqlite],
    )


def state_as_told(excluded: Any) -> dict[str, ColumnElement[Any]]:
    """The state's columns of a known question; a source that tells no state changes none.

    One that tells since when it is so, as a dump does, changes none that was told later: what the
    API confirms is told at the time that it was asked, whenever that state began. That a file holds
    a question as not closed reopens one that was closed or deleted, and tells of no other state.
    """
    is_now = excluded.state_at == excluded.fetched_at
    last_told = func.coalesce(Question.state_told_at, Question.state_at)
    is_later = or_(last_told.is_(None), excluded.state_at > last_told)
    reopens = and_(Question.state != _ANSWERED, Question.state != _MIGRATED)
    is_about = or_(excluded.state != _OPEN, reopens)
    told = and_(excluded.state_at.is_not(None), or_(is_now, and_(is_later, is_about)))
    differs = and_(told, excluded.state != Question.state)
    return {
        "state": case((told, excluded.state), else_=Question.state),
        "state_at": case((differs, excluded.state_at), else_=Question.state_at),
        "state_told_at": case((told, excluded.state_told_at), else_=Question.state_told_at),
        "checked_at": case((is_now, excluded.checked_at), else_=Question.checked_at),
    }


def counts_as_told(excluded: Any) -> dict[str, ColumnElement[Any]]:
    """What changes without an activity: a file's replace none of as late an activity.

    Nothing in it says whether it is older than what is stored.
    """
    is_newer = or_(
        Question.last_activity_at.is_(None),
        excluded.last_activity_at > Question.last_activity_at,
        excluded.state_at == excluded.fetched_at,  # from the API, just now
    )
    counts = {name: (excluded[name], getattr(Question, name)) for name in _COUNTS}
    return {
        name: case((is_newer, func.coalesce(told, known)), else_=func.coalesce(known, told))
        for name, (told, known) in counts.items()
    }
