import pytest
from sqlalchemy import Engine, insert

from core.database.engine import reading
from core.database.review_tables import BlockedTag
from review.decisions.save import Asked, Decision, save, skip
from review.measures.agreement import measure_anchoring, pair_agreements
from review.measures.statistics import Share
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def decide(
    engine: Engine, clock: ManualClock, reviewer: str, number: int, decision: Decision
) -> None:
    asked = Asked(reviewer, f"{reviewer} {number}", "stats", number, clock.now())
    with engine.begin() as connection:
        save(connection, asked, decision)


def test_reviewers_are_compared_by_pair_and_tag(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {number: {"a": 0.9} for number in range(1, 5)}, now=clock.now())
    ann = {1: "accepted", 2: "accepted", 3: "rejected", 4: "rejected"}
    bob = {1: "accepted", 2: "rejected", 3: "rejected"}
    for reviewer, said in (("ann", ann), ("bob", bob)):
        for number, verdict in said.items():
            decide(engine, clock, reviewer, number, Decision(verdicts={"a": verdict}))  # type: ignore[dict-item]
    with engine.begin() as connection:
        skip(connection, Asked("bob", "skip", "stats", 4, clock.now()))
    decide(engine, clock, "eve", 1, Decision(verdicts={}))  # a is no tag of it
    with reading(engine) as connection:
        found = {(one.reviewers, one.tag): one for one in pair_agreements(connection, "stats")}
        assert pair_agreements(connection, "cooking") == []
    of_tag = found[("ann", "bob"), "a"]
    assert of_tag.questions == 3
    assert of_tag.agreement == pytest.approx(2 / 3)
    assert of_tag.kappa == pytest.approx(0.4)
    assert found[("ann", "bob"), None].kappa == of_tag.kappa
    assert found[("ann", "eve"), "a"].agreement == 0


def test_who_settles_a_tag_is_compared_with_nobody_on_it(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(engine, {1: {"a": 0.9}}, now=clock.now())
    decide(engine, clock, "ann", 1, Decision(verdicts={"a": "accepted", "b": "added"}))
    decide(engine, clock, "bob", 1, Decision(verdicts={"a": "rejected"}))
    settling = Decision(verdicts={"a": "accepted"}, settles=True)
    decide(engine, clock, "eve", 1, settling)
    with reading(engine) as connection:
        found = {(one.reviewers, one.tag) for one in pair_agreements(connection, "stats")}
    assert (("ann", "bob"), "a") in found
    assert {pair for pair, tag in found if tag == "a"} == {("ann", "bob")}
    assert (("ann", "eve"), "b") in found


def test_who_follows_the_other_afterwards_agrees_no_more(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(engine, {1: {"a": 0.9}}, now=clock.now())
    decide(engine, clock, "ann", 1, Decision(verdicts={"a": "accepted"}))
    decide(engine, clock, "bob", 1, Decision(verdicts={"a": "rejected"}))
    again = Asked("bob", "again", "stats", 1, clock.now())
    with engine.begin() as connection:
        save(connection, again, Decision(verdicts={"a": "accepted"}))
    with reading(engine) as connection:
        assert {one.agreement for one in pair_agreements(connection, "stats")} == {0}


def test_first_choices_made_blind_are_compared_with_reviews_that_saw(
    engine: Engine, clock: ManualClock
) -> None:
    predicted = {number: {"a": 0.9, "b": 0.8, "c": 0.1} for number in range(1, 5)}
    predict_rows(engine, predicted, now=clock.now())
    seen = Decision(verdicts={"a": "accepted", "b": "accepted", "d": "added"}, seen_version=1)
    blind = Decision(
        verdicts={"a": "accepted", "b": "accepted"},
        seen_version=1,
        blind=True,
        first_choice=("a", "c"),
    )
    for number, decision in ((1, seen), (2, seen), (3, blind)):
        decide(engine, clock, "ann", number, decision)
    decide(engine, clock, "bob", 4, Decision(verdicts={"a": "accepted"}))  # what it saw is unknown
    with reading(engine) as connection:
        found = measure_anchoring(connection, "stats")
    assert (found.sighted, found.blind) == (Share(4, 4), Share(1, 2))
    assert found.difference.value == 0.5
    with engine.begin() as connection:
        # Which hides it from reviews, so that they say nothing of it.
        blocked = {"site": "stats", "tag": "b", "reviewer": "eve", "at": clock.now()}
        connection.execute(insert(BlockedTag).values(blocked))
        left = measure_anchoring(connection, "stats")
    assert (left.sighted, left.blind) == (Share(2, 2), Share(1, 1))
    assert found.difference.low < 0.5 < found.difference.high
