"""Undoing actions: what stood before them stands again, exactly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from core.database.keys import one_of
from core.database.review_tables import ReviewAction, ReviewChange, Verdict
from core.database.tables import Question
from core.errors import ReviewConflict, UnknownAction
from core.questions.lock_order import lock_in_order
from review.decisions.actions import Action, as_action, select_actions
from review.decisions.claims import ANY_QUEUE, claim_question
from review.decisions.states import State, replace_states


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing an action brought back.

    Attributes:
        action: the one that is undone.
        question_id: the site's number of its question; None where it was on many.
        restored: the reviewer's verdicts that stand again on it, by tag.
    """

    action: Action
    question_id: int | None
    restored: dict[str, str]


def undo_newest(connection: Connection, reviewer: str, *, now: datetime) -> Undone:
    """Undo the reviewer's newest action that is not undone yet; commits nothing.

    Asked twice, it undoes two: who does not know whether a request arrived undoes by the
    action's key, which does it once.

    Raises:
        UnknownAction: there is none.
        ReviewConflict: as undo() has it.
    """
    while True:
        newest = (
            select_actions()
            .where(ReviewAction.reviewer == reviewer, ReviewAction.undone_at.is_(None))
            .order_by(ReviewAction.id.desc())
            .limit(1)
        )
        row = connection.execute(newest).one_or_none()
        if row is None:
            raise UnknownAction("There is nothing left to undo.")
        undone, by_us = _undo(connection, reviewer, as_action(row), now)
        if by_us:
            return undone


def undo(connection: Connection, reviewer: str, action_id: int, *, now: datetime) -> Undone:
    """Undo one of the reviewer's actions; one that is undone already stays so. Commits nothing.

    Raises:
        UnknownAction: the reviewer has made no such action.
        ReviewConflict: a later one of the reviewer's own stands on one of its questions, or another
            reviewer has settled meanwhile what would be settled again.
    """
    chosen = (ReviewAction.id == action_id, ReviewAction.reviewer == reviewer)
    row = connection.execute(select_actions().where(*chosen)).one_or_none()
    if row is None:
        raise UnknownAction(f"{reviewer} has made no decision with the number {action_id}.")
    return _undo(connection, reviewer, as_action(row), now)[0]


def _undo(
    connection: Connection, reviewer: str, action: Action, now: datetime
) -> tuple[Undone, bool]:
    """Undo it, unless somebody has by the time that its questions are locked."""
    changes = select(ReviewChange.question_pk, ReviewChange.before).where(
        ReviewChange.action_id == action.id
    )
    states = {pk: State.from_json(before) for pk, before in connection.execute(changes)}
    lock_in_order(connection, one_of(connection, Question.id, states))
    mark = update(ReviewAction).where(
        ReviewAction.id == action.id, ReviewAction.undone_at.is_(None)
    )
    by_us = connection.execute(mark.values(undone_at=now)).rowcount > 0
    if by_us:
        _refuse_if_a_later_one_stands(connection, reviewer, action)
        _refuse_if_settled_by_others(connection, reviewer, states)
        replace_states(connection, reviewer, states)
    undone = replace(action, undone_at=action.undone_at or now)
    return _tell(connection, reviewer, undone, states, now), by_us


def _tell(
    connection: Connection,
    reviewer: str,
    action: Action,
    states: Mapping[int, State],
    now: datetime,
) -> Undone:
    if action.kind == "bulk":
        return Undone(action, None, {})
    restored: dict[str, str] = {}
    for pk, state in states.items():  # of one question, or of none: it was deleted since
        # It stands on the reviewer's screen again.
        claim_question(connection, pk, reviewer, queue=ANY_QUEUE, now=now)
        restored = {tag: own.verdict for tag, own in state.verdicts.items()}
    return Undone(action, action.summary["question_id"], restored)


def _refuse_if_a_later_one_stands(connection: Connection, reviewer: str, action: Action) -> None:
    this, change, later = aliased(ReviewChange), aliased(ReviewChange), aliased(ReviewAction)
    found = (
        select(Question.question_id)
        .join(change, change.question_pk == Question.id)
        .join(later, later.id == change.action_id)
        .where(
            later.reviewer == reviewer,
            later.id > action.id,
            later.undone_at.is_(None),
            exists().where(this.action_id == action.id, this.question_pk == change.question_pk),
        )
        .limit(1)
    )
    number = connection.execute(found).scalar()
    if number is not None:
        raise ReviewConflict(
            f"You decided on question {number} again since then: undo that decision first."
        )


def _refuse_if_settled_by_others(
    connection: Connection, reviewer: str, states: Mapping[int, State]
) -> None:
    for pk, tag in _settled(states):
        other = select(Verdict.reviewer).where(
            Verdict.question_pk == pk,
            Verdict.tag == tag,
            Verdict.settles,
            Verdict.reviewer != reviewer,
        )
        name = connection.execute(other).scalar()
        if name is not None:
            raise ReviewConflict(f"{name} has settled the tag {tag} since then.")


def _settled(states: Mapping[int, State]) -> Iterable[tuple[int, str]]:
    for pk, state in states.items():
        for tag, own in state.verdicts.items():
            if own.settles:
                yield pk, tag
