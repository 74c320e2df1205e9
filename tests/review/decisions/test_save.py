import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from core.database.review_tables import QueuedQuestion, ReviewAction, ReviewClaim, Verdict
from core.errors import ReviewConflict, UnknownModelVersion, UnknownQuestion
from core.questions.verdicts import Decided
from review.decisions.claims import claim_question
from review.decisions.save import Asked, Decision, Saved, save, skip
from review.decisions.states import OwnReview, State, read_states
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def decide(
    engine: Engine,
    clock: ManualClock,
    reviewer: str,
    verdicts: Mapping[str, Decided],
    *,
    number: int = 1,
    request: str | None = None,
    settles: bool = False,
) -> Saved:
    asked = Asked(reviewer, request or uuid.uuid4().hex, "stats", number, clock.now())
    with engine.begin() as connection:
        return save(connection, asked, Decision(verdicts=verdicts, settles=settles))


def state(engine: Engine, reviewer: str, pk: int) -> State:
    with engine.connect() as connection:
        return read_states(connection, reviewer, [pk])[pk]


def counts(engine: Engine, pk: int) -> tuple[int, bool]:
    with engine.connect() as connection:
        row = connection.execute(
            select(QueuedQuestion.reviews, QueuedQuestion.conflicting).where(
                QueuedQuestion.question_pk == pk
            )
        ).one()
        return row.reviews, row.conflicting


def test_a_decision_replaces_the_reviewers_own_and_no_other(
    engine: Engine, clock: ManualClock
) -> None:
    pk = predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())[1]
    decide(engine, clock, "ann", {"anova": "accepted", "r": "added"})
    decide(engine, clock, "bob", {"anova": "accepted"})
    clock.sleep(60)
    decide(engine, clock, "ann", {"anova": "accepted", "t-test": "added"})
    ann = state(engine, "ann", pk)
    assert {tag: own.verdict for tag, own in ann.verdicts.items()} == {
        "anova": "accepted",
        "t-test": "added",
    }
    assert ann.review == OwnReview("saved", clock.now())
    assert set(state(engine, "bob", pk).verdicts) == {"anova"}
    assert counts(engine, pk) == (2, False)


def test_what_the_reviewer_had_said_is_told_also_to_a_repeated_request(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    decide(engine, clock, "bob", {"anova": "rejected"})
    assert decide(engine, clock, "ann", {"anova": "accepted"}).replaced == {}
    assert decide(engine, clock, "ann", {}, request="2").replaced == {"anova": "accepted"}
    assert decide(engine, clock, "ann", {"r": "added"}).replaced == {}
    assert decide(engine, clock, "ann", {}, request="2").replaced == {"anova": "accepted"}


def test_what_was_seen_is_kept(engine: Engine, clock: ManualClock) -> None:
    pk = predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())[1]
    asked = Asked("ann", "1", "stats", 1, clock.now())
    decision = Decision(
        verdicts={"anova": "accepted"}, seen_version=1, blind=True, first_choice=("r",)
    )
    with engine.begin() as connection:
        save(connection, asked, decision)
    review = state(engine, "ann", pk).review
    assert review is not None
    assert (review.blind, review.first_choice) == (True, ("r",))
    assert review.model_version_id is not None


def test_a_repeated_request_does_nothing_and_is_told_the_same(
    engine: Engine, clock: ManualClock
) -> None:
    pk = predict_rows(engine, {1: {}}, now=clock.now())[1]
    first = decide(engine, clock, "ann", {"r": "added"}, request="one")
    decide(engine, clock, "ann", {"r": "rejected"}, request="two")
    clock.sleep(60)
    assert decide(engine, clock, "ann", {"r": "added"}, request="one") == first
    assert state(engine, "ann", pk).verdicts["r"].verdict == "rejected"
    assert decide(engine, clock, "bob", {"r": "added"}, request="one") != first
    with pytest.raises(ReviewConflict, match="another decision"):
        decide(engine, clock, "ann", {"r": "accepted"}, request="one")


def test_of_requests_at_once_with_one_id_one_decides(engine: Engine, clock: ManualClock) -> None:
    pk = predict_rows(engine, {1: {}}, now=clock.now())[1]

    def send(_: int) -> Saved:
        return decide(engine, clock, "ann", {"r": "added"}, request="one")

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(send, range(24)))
    assert len(answers) == 1
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ReviewAction)) == 1
    assert counts(engine, pk) == (1, False)


def test_reviewers_at_once_are_all_counted(engine: Engine, clock: ManualClock) -> None:
    pk = predict_rows(engine, {1: {}}, now=clock.now())[1]
    verdicts: list[Decided] = ["accepted", "rejected"]

    def send(place: int) -> None:
        decide(engine, clock, f"r{place}", {"anova": verdicts[place % 2]})

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(send, range(6)))
    assert counts(engine, pk) == (6, True)


def test_a_settling_verdict_ends_a_conflict_and_stands_alone(
    engine: Engine, clock: ManualClock
) -> None:
    pk = predict_rows(engine, {1: {}}, now=clock.now())[1]
    decide(engine, clock, "ann", {"anova": "accepted", "r": "accepted"})
    decide(engine, clock, "bob", {"anova": "rejected", "r": "accepted"})
    assert counts(engine, pk) == (2, True)
    decide(engine, clock, "eve", {"anova": "rejected", "r": "added"}, settles=True)
    assert counts(engine, pk) == (3, False)
    decide(engine, clock, "dan", {"anova": "accepted", "r": "rejected"}, settles=True)
    with engine.connect() as connection:
        settling = select(Verdict.reviewer, Verdict.tag).where(Verdict.settles)
        found = {tuple(row) for row in connection.execute(settling)}
    assert found == {("eve", "anova"), ("dan", "r")}
    decide(engine, clock, "eve", {"anova": "accepted", "r": "accepted"})  # another mind
    assert state(engine, "eve", pk).verdicts["anova"].settles


def test_skipping_keeps_what_was_saved(engine: Engine, clock: ManualClock) -> None:
    keys = predict_rows(engine, {1: {}, 2: {}}, now=clock.now())
    decide(engine, clock, "ann", {"r": "added"})
    saved = state(engine, "ann", keys[1])
    clock.sleep(1)
    for number in (1, 2):
        with engine.begin() as connection:
            skip(connection, Asked("ann", f"skip {number}", "stats", number, clock.now()))
    assert state(engine, "ann", keys[1]) == saved
    assert state(engine, "ann", keys[2]) == State({}, OwnReview("skipped", clock.now()))
    assert counts(engine, keys[2]) == (0, False)


def test_a_decision_ends_the_claim(engine: Engine, clock: ManualClock) -> None:
    pk = predict_rows(engine, {1: {}}, now=clock.now())[1]
    with engine.begin() as connection:
        assert claim_question(connection, pk, "ann", queue="", now=clock.now())
        assert not claim_question(connection, pk, "bob", queue="", now=clock.now())
        later = clock.now() + timedelta(minutes=11)
        assert claim_question(connection, pk, "bob", queue="", now=later)
    decide(engine, clock, "bob", {})
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ReviewClaim)) == 0


def test_what_is_not_there_is_told(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {1: {}}, now=clock.now())
    with pytest.raises(UnknownQuestion, match="no question 7"):
        decide(engine, clock, "ann", {}, number=7)
    asked = Asked("ann", "1", "stats", 1, clock.now())
    with pytest.raises(UnknownModelVersion, match="no model version 9"), engine.begin() as one:
        save(one, asked, Decision(verdicts={}, seen_version=9))
