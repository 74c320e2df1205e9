"""Actions: what a reviewer decided at one stroke, so that it is done once and can be undone.

A page sends a request again when it does not know whether the first one arrived. Each carries an
id that its sender made, so a repeated one finds the action of the first and does nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from core.database.engine import dialect_insert
from core.database.review_tables import ReviewAction, ReviewChange
from core.errors import ReviewConflict
from review.decisions.states import State

Kind = Literal["save", "settle", "skip", "bulk"]


@dataclass(frozen=True, slots=True)
class Action:
    """A row of `review_actions`."""

    id: int
    kind: Kind
    site: str
    at: datetime
    summary: dict[str, Any]
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewAction:
    """An action that is about to be recorded.

    Attributes:
        reviewer: whose it is.
        request_id: its sender's, at most 64 characters.
        kind: what is done.
        site: where.
        summary: what the history shows of it.
    """

    reviewer: str
    request_id: str
    kind: Kind
    site: str
    summary: dict[str, Any]


def record(
    connection: Connection, new: NewAction, before: Mapping[int, State], *, now: datetime
) -> int | None:
    """Record an action with the states that it replaces; commits nothing.

    The questions are locked before, so of two actions on one question the later has the larger key.

    Returns:
        Its key; None where the same request came in meanwhile, which then has done it.
    """
    values = {
        "reviewer": new.reviewer,
        "site": new.site,
        "at": now,
        "kind": new.kind,
        "request_id": new.request_id,
        "summary": new.summary,
    }
    row = dialect_insert(connection, ReviewAction).values(values).on_conflict_do_nothing()
    key = connection.execute(row.returning(ReviewAction.id)).scalar()
    if key is not None and before:
        changes = [
            {"action_id": key, "question_pk": pk, "before": state.to_json()}
            for pk, state in sorted(before.items())
        ]
        connection.execute(insert(ReviewChange), changes)
    return key


def find_repeated(connection: Connection, new: NewAction) -> Action | None:
    """The action that the same request has made before, undone or not.

    Raises:
        ReviewConflict: its id belongs to a request for something else.
    """
    chosen = (ReviewAction.reviewer == new.reviewer, ReviewAction.request_id == new.request_id)
    row = connection.execute(select_actions().where(*chosen)).one_or_none()
    if row is None:
        return None
    asked, done = (new.kind, new.site, _asked(new.summary)), _asked(row.summary)
    if asked != (row.kind, row.site, done):
        raise ReviewConflict(
            f"The request id {new.request_id} was used for another decision. Make a new one."
        )
    return as_action(row)


def _asked(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What of a summary a repeated request says again, whatever has changed meanwhile."""
    return {name: value for name, value in summary.items() if name not in ("title", "count")}


def select_actions() -> Any:
    """SELECT of the columns that as_action() reads."""
    return select(
        ReviewAction.id,
        ReviewAction.kind,
        ReviewAction.site,
        ReviewAction.at,
        ReviewAction.summary,
        ReviewAction.undone_at,
    )


def as_action(row: Any) -> Action:
    """The action of a row of select_actions()."""
    return Action(row.id, row.kind, row.site, row.at, row.summary, row.undone_at)
