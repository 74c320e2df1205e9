from collections.abc import Mapping

import pytest
from sqlalchemy import Engine

from core.database.engine import reading
from core.questions.verdicts import Decided
from review.decisions.save import Asked, Decision, save, skip
from review.decisions.undo import undo_newest
from review.measures.independent import independent_states
from tests.conftest import ManualClock
from tests.review.rows import predict_rows

ACCEPTS: Mapping[str, Decided] = {"a": "accepted"}
REJECTS: Mapping[str, Decided] = {"a": "rejected"}


class Reviewers:
    """Who decide on one question."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        self._engine, self._clock, self._count = engine, clock, 0
        (self._pk,) = predict_rows(engine, {1: {"a": 0.9}}, now=clock.now()).values()

    def _ask(self, reviewer: str) -> Asked:
        self._count += 1
        return Asked(reviewer, str(self._count), "stats", 1, self._clock.now())

    def save(self, reviewer: str, verdicts: Mapping[str, Decided]) -> None:
        with self._engine.begin() as connection:
            save(connection, self._ask(reviewer), Decision(verdicts=verdicts))

    def skip(self, reviewer: str) -> None:
        with self._engine.begin() as connection:
            skip(connection, self._ask(reviewer))

    def undo(self, reviewer: str) -> None:
        with self._engine.begin() as connection:
            undo_newest(connection, reviewer, now=self._clock.now())

    def said(self, *reviewers: str) -> list[str]:
        """What each has said of the tag independently."""
        with reading(self._engine) as connection:
            found = independent_states(connection, {one: {self._pk} for one in reviewers})
        return [found[self._pk, one].verdicts["a"].verdict for one in reviewers]


@pytest.fixture
def they(engine: Engine, clock: ManualClock) -> Reviewers:
    return Reviewers(engine, clock)


def test_what_is_saved_again_after_others_were_seen_does_not_count(they: Reviewers) -> None:
    they.save("ann", ACCEPTS)
    they.save("bob", REJECTS)
    they.save("bob", ACCEPTS)
    they.save("ann", REJECTS)
    assert they.said("ann", "bob") == ["accepted", "rejected"]


def test_who_thinks_better_of_it_before_anybody_else_counts_so(they: Reviewers) -> None:
    they.skip("bob")  # which says nothing
    they.save("ann", ACCEPTS)
    they.save("ann", REJECTS)
    they.save("bob", ACCEPTS)
    assert they.said("ann") == ["rejected"]


def test_what_was_taken_back_does_not_count_but_may_have_been_seen(they: Reviewers) -> None:
    they.save("ann", ACCEPTS)
    they.undo("ann")
    they.save("ann", REJECTS)
    they.save("bob", ACCEPTS)
    they.undo("bob")
    they.save("ann", ACCEPTS)
    assert they.said("ann") == ["rejected"]
