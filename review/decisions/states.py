"""What stands of one reviewer on one question: verdicts by tag, and the review as a whole.

An action replaces states by others; undoing it puts back those of before, which
`review_changes.before` keeps as JSON.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection

from core.database.keys import in_chunks, one_of
from core.database.review_tables import Review, Verdict
from core.database.tables import Question
from core.questions.review_queue import recount
from core.questions.verdicts import Decided

Outcome = Literal["saved", "skipped"]


@dataclass(frozen=True, slots=True)
class OwnVerdict:
    """A reviewer's verdict on one tag."""

    verdict: Decided
    settles: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class OwnReview:
    """That a reviewer has done with the question.

    Attributes:
        outcome: saved, or skipped for good.
        at: UTC.
        model_version_id: whose suggestions were seen, where there were any.
        blind: whether the suggestions were hidden until a first choice.
        first_choice: that choice, of a blind review.
    """

    outcome: Outcome
    at: datetime
    model_version_id: int | None = None
    blind: bool = False
    first_choice: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All that stands of one reviewer on one question."""

    verdicts: Mapping[str, OwnVerdict] = field(default_factory=dict)
    review: OwnReview | None = None

    def to_json(self) -> dict[str, Any]:
        """As `review_changes.before` keeps it."""
        verdicts = {
            tag: [own.verdict, own.settles, own.at.isoformat()]
            for tag, own in sorted(self.verdicts.items())
        }
        review = self.review
        if review is None:
            return {"verdicts": verdicts, "review": None}
        choice = None if review.first_choice is None else list(review.first_choice)
        row = [review.outcome, review.at.isoformat(), review.model_version_id, review.blind, choice]
        return {"verdicts": verdicts, "review": row}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "State":
        """The state that to_json() wrote."""
        verdicts = {
            tag: OwnVerdict(verdict, settles, datetime.fromisoformat(at))
            for tag, (verdict, settles, at) in value["verdicts"].items()
        }
        if value["review"] is None:
            return cls(verdicts)
        outcome, at, version, blind, choice = value["review"]
        at = datetime.fromisoformat(at)
        return cls(verdicts, OwnReview(outcome, at, version, blind, _tuple(choice)))


def read_states(connection: Connection, reviewer: str, pks: Sequence[int]) -> dict[int, State]:
    """What stands of a reviewer on each of some questions."""
    verdicts: dict[int, dict[str, OwnVerdict]] = {pk: {} for pk in pks}
    reviews: dict[int, OwnReview] = {}
    for chunk in in_chunks(pks):
        of_verdicts = select(
            Verdict.question_pk, Verdict.tag, Verdict.verdict, Verdict.settles, Verdict.at
        ).where(Verdict.reviewer == reviewer, one_of(connection, Verdict.question_pk, chunk))
        for pk, tag, verdict, settles, at in connection.execute(of_verdicts):
            verdicts[pk][tag] = OwnVerdict(verdict, settles, at)
        reviews |= _read_reviews(connection, reviewer, chunk)
    return {pk: State(said, reviews.get(pk)) for pk, said in verdicts.items()}


def _read_reviews(
    connection: Connection, reviewer: str, pks: Sequence[int]
) -> dict[int, OwnReview]:
    columns = (Review.outcome, Review.at, Review.model_version_id, Review.blind)
    rows = select(Review.question_pk, *columns, Review.first_choice).where(
        Review.reviewer == reviewer, one_of(connection, Review.question_pk, pks)
    )
    return {
        pk: OwnReview(cast("Outcome", outcome), at, version, blind, _tuple(choice))
        for pk, outcome, at, version, blind, choice in connection.execute(rows)
    }


def _tuple(choice: list[str] | None) -> tuple[str, ...] | None:
    return None if choice is None else tuple(choice)


def replace_states(connection: Connection, reviewer: str, states: Mapping[int, State]) -> None:
    """Let these stand in place of what stands, and count anew; commits nothing.

    The questions are locked before (`core/questions/lock_order.py`).
    """
    pks = sorted(states)
    for chunk in in_chunks(pks):
        for table in (Verdict, Review):
            own = (table.reviewer == reviewer, one_of(connection, table.question_pk, chunk))
            connection.execute(delete(table).where(*own))
    if verdicts := list(_verdict_rows(connection, reviewer, states)):
        connection.execute(insert(Verdict), verdicts)
    if reviews := list(_review_rows(reviewer, states)):
        connection.execute(insert(Review), reviews)
    recount(connection, pks)


def _verdict_rows(
    connection: Connection, reviewer: str, states: Mapping[int, State]
) -> Iterator[dict[str, Any]]:
    rows = select(Question.id, Question.site).where(one_of(connection, Question.id, states))
    sites = dict(connection.execute(rows).all())
    for pk, state in states.items():
        for tag, own in state.verdicts.items():
            yield {
                "question_pk": pk,
                "reviewer": reviewer,
                "tag": tag,
                "verdict": own.verdict,
                "settles": own.settles,
                "at": own.at,
                "site": sites[pk],
            }


def _review_rows(reviewer: str, states: Mapping[int, State]) -> Iterator[dict[str, Any]]:
    for pk, state in states.items():
        if (review := state.review) is not None:
            first = review.first_choice
            yield {
                "question_pk": pk,
                "reviewer": reviewer,
                "outcome": review.outcome,
                "at": review.at,
                "model_version_id": review.model_version_id,
                "blind": review.blind,
                "first_choice": None if first is None else list(first),
            }
