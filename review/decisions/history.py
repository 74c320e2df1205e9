"""A reviewer's own actions, the newest first."""

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from core.database.review_tables import ReviewAction
from review.decisions.actions import Action, as_action, select_actions

PAGE = 50


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Actions, the newest first, and where the next page begins, if there is one."""

    actions: list[Action]
    cursor: int | None


def list_history(
    connection: Connection, reviewer: str, *, cursor: int | None = None, limit: int = PAGE
) -> HistoryPage:
    """Return a page of what a reviewer has decided, undone or not.

    Args:
        connection: to read from.
        reviewer: whose.
        cursor: of the page before.
        limit: actions at most.
    """
    statement = select_actions().where(ReviewAction.reviewer == reviewer)
    if cursor is not None:
        statement = statement.where(ReviewAction.id < cursor)
    rows = connection.execute(statement.order_by(ReviewAction.id.desc()).limit(limit + 1)).all()
    actions = [as_action(row) for row in rows[:limit]]
    return HistoryPage(actions, actions[-1].id if len(rows) > limit else None)
