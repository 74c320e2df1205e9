"""What reviewers said of questions before they could see what others say.

The page shows others' verdicts once one's own is saved, so a first save is independent, and so is
each later one up to the first verdict of somebody else. The actions and what they replaced tell
which those are (`review/decisions/actions.py`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.keys import in_chunks
from core.database.review_tables import ReviewAction, ReviewChange
from review.decisions.states import State, read_states


@dataclass(frozen=True, slots=True)
class _Change:
    """That an action has changed what a reviewer says of a question."""

    action_id: int
    reviewer: str
    kind: str
    is_undone: bool
    before: Mapping[str, Any]


def independent_states(
    connection: Connection, reviewed: Mapping[str, Collection[int]]
) -> dict[tuple[int, str], State]:
    """What stood of each reviewer on each question while nothing of others could be seen.

    Decisions that were taken back count for nothing, but may have been seen by others.

    Args:
        connection: to read from.
        reviewed: keys of questions that each reviewer has saved.
    """
    history = _read_history(connection, set(chain.from_iterable(reviewed.values())))
    return {
        (pk, reviewer): _independent(state, reviewer, history.get(pk, ()))
        for reviewer, pks in reviewed.items()
        for pk, state in read_states(connection, reviewer, sorted(pks)).items()
    }


def _read_history(connection: Connection, pks: Iterable[int]) -> dict[int, list[_Change]]:
    """The changes of each question, the oldest first."""
    found: defaultdict[int, list[_Change]] = defaultdict(list)
    for chunk in in_chunks(sorted(pks)):
        changes = (
            select(
                ReviewChange.question_pk,
                ReviewChange.action_id,
                ReviewAction.reviewer,
                ReviewAction.kind,
                ReviewAction.undone_at.is_not(None),
                ReviewChange.before,
            )
            .join(ReviewAction, ReviewAction.id == ReviewChange.action_id)
            .where(ReviewChange.question_pk.in_(chunk))
            .order_by(ReviewChange.action_id)
        )
        for pk, *change in connection.execute(changes):
            found[pk].append(_Change(*change))
    return found


def _independent(now: State, reviewer: str, history: Sequence[_Change]) -> State:
    others = [one.action_id for one in history if one.reviewer != reviewer and one.kind != "skip"]
    own = [one for one in history if one.reviewer == reviewer and not one.is_undone]
    states = [*(State.from_json(one.before) for one in own), now]  # each until the next of `own`
    first = next((index for index, state in enumerate(states) if _is_saved(state)), len(own))
    chosen = states[first]
    for change, state in zip(own[first:], states[first + 1 :], strict=True):
        if others and change.action_id > others[0]:
            break
        chosen = state
    return chosen


def _is_saved(state: State) -> bool:
    return state.review is not None and state.review.outcome == "saved"
