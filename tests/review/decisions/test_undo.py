import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from core.database.engine import make_engine
from core.database.review_tables import QueuedQuestion, ReviewAction, ReviewClaim
from core.database.tables import Question
from core.errors import ReviewConflict, UnknownAction
from core.questions.review_queue import recount
from core.questions.verdicts import Decided
from review.decisions.bulk import BulkVerdict, save_bulk
from review.decisions.filters import QueueFilter
from review.decisions.save import Asked, Decision, Saved, save, skip
from review.decisions.undo import Undone, undo, undo_newest
from tests.conftest import ManualClock
from tests.review.rows import all_rows, predict_rows


def decide(
    engine: Engine, clock: ManualClock, number: int, verdict: Decided, *, reviewer: str = "ann"
) -> Saved:
    clock.sleep(1)
    asked = Asked(reviewer, uuid.uuid4().hex, "stats", number, clock.now())
    with engine.begin() as connection:
        return save(connection, asked, Decision(verdicts={"anova": verdict}))


def take_back(engine: Engine, clock: ManualClock, reviewer: str = "ann") -> Undone:
    with engine.begin() as connection:
        return undo_newest(connection, reviewer, now=clock.now())


def test_what_stood_before_stands_again_after_a_restart(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {1: {}, 2: {}}, now=clock.now())
    standing = [all_rows(engine)]
    for number, verdict in ((1, "accepted"), (2, "rejected"), (1, "rejected")):
        decide(engine, clock, number, verdict)  # type: ignore[arg-type]
        standing.append(all_rows(engine))
    engine.dispose()
    again = make_engine(engine.url.render_as_string(hide_password=False))
    undone = []
    while len(standing) > 1:
        assert all_rows(again) == standing.pop()
        undone.append(take_back(again, clock))
    assert all_rows(again) == standing.pop()
    assert [(one.question_id, one.restored) for one in undone] == [
        (1, {"anova": "accepted"}),
        (2, {}),
        (1, {}),
    ]
    with pytest.raises(UnknownAction, match="nothing left"):
        take_back(again, clock)
    again.dispose()


def test_an_older_action_is_undone_alone_and_once(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {1: {}, 2: {}}, now=clock.now())
    first = decide(engine, clock, 1, "accepted")
    decide(engine, clock, 2, "accepted")
    for _ in range(2):
        with engine.begin() as connection:
            assert undo(connection, "ann", first.action_id, now=clock.now()).question_id == 1
    assert take_back(engine, clock).question_id == 2


def test_a_decision_on_a_question_that_was_deleted_keeps_none_from_being_undone(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(engine, {1: {}, 2: {}}, now=clock.now())
    for number in (1, 2):
        decide(engine, clock, number, "accepted")
    with engine.begin() as connection:
        connection.execute(delete(Question).where(Question.question_id == 2))
    assert [take_back(engine, clock).question_id for _ in range(2)] == [2, 1]


def test_a_later_decision_on_the_same_question_is_undone_first(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(engine, {1: {}}, now=clock.now())
    first = decide(engine, clock, 1, "accepted")
    decide(engine, clock, 1, "rejected", reviewer="bob")
    later = decide(engine, clock, 1, "rejected")
    standing = all_rows(engine)
    with (
        pytest.raises(ReviewConflict, match="question 1 again"),
        engine.begin() as connection,
    ):
        undo(connection, "ann", first.action_id, now=clock.now())
    assert all_rows(engine) == standing
    for action in (later, first):
        with engine.begin() as connection:
            undo(connection, "ann", action.action_id, now=clock.now())
    with pytest.raises(UnknownAction, match="no decision"), engine.begin() as connection:
        undo(connection, "bob", first.action_id, now=clock.now())


def test_keys_pressed_at_once_undo_one_action_each(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {number: {} for number in range(1, 9)}, now=clock.now())
    start = all_rows(engine)
    for number in range(1, 9):
        decide(engine, clock, number, "accepted")
    with ThreadPoolExecutor(4) as threads:
        undone = list(threads.map(lambda _: take_back(engine, clock), range(8)))
    assert sorted(one.question_id or 0 for one in undone) == list(range(1, 9))
    assert all_rows(engine) == start


def test_what_another_has_settled_is_not_settled_again(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {1: {}}, now=clock.now())

    def settle(reviewer: str, verdict: Decided) -> None:
        asked = Asked(reviewer, uuid.uuid4().hex, "stats", 1, clock.now())
        with engine.begin() as connection:
            save(connection, asked, Decision(verdicts={"anova": verdict}, settles=True))

    decide(engine, clock, 1, "accepted", reviewer="bob")
    settle("ann", "rejected")
    asked = Asked("ann", "empty", "stats", 1, clock.now())
    with engine.begin() as connection:
        save(connection, asked, Decision(verdicts={}))
    decide(engine, clock, 1, "rejected", reviewer="dan")
    settle("eve", "rejected")
    with pytest.raises(ReviewConflict, match="eve has settled"):
        take_back(engine, clock)
    take_back(engine, clock, "eve")
    assert take_back(engine, clock).restored == {"anova": "rejected"}


REVIEWERS = ("ann", "bob", "eve")
verdicts: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["anova", "r"]), st.sampled_from(["accepted", "rejected", "added"])
)
step = st.tuples(
    st.sampled_from(["save", "settle", "skip", "undo", "bulk"]),
    st.sampled_from(REVIEWERS),
    st.sampled_from([1, 2]),
    verdicts,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.slow
@given(steps=st.lists(step, max_size=12))
def test_undoing_all_returns_to_the_start(
    engine: Engine, clock: ManualClock, steps: Sequence[tuple[str, str, int, dict[str, Any]]]
) -> None:
    """Whatever three reviewers do; and at each moment the counts are what was said."""
    if not all_rows(engine)["queue"]:
        predict_rows(engine, {1: {"anova": 0.9}, 2: {"anova": 0.7}}, now=clock.now())
    start = all_rows(engine)
    for kind, reviewer, number, said in steps:
        clock.sleep(1)
        do(engine, clock, kind, reviewer, number, said)
        check_counts(engine)
    undo_all(engine, clock)
    assert all_rows(engine) == start
    with engine.begin() as connection:
        connection.execute(delete(ReviewAction))
        connection.execute(delete(ReviewClaim))


def do(
    engine: Engine,
    clock: ManualClock,
    kind: str,
    reviewer: str,
    number: int,
    said: dict[str, Any],
) -> None:
    asked = Asked(reviewer, uuid.uuid4().hex, "stats", number, clock.now())
    if kind == "undo":
        try:
            take_back(engine, clock, reviewer)
        except (UnknownAction, ReviewConflict):
            return
    elif kind == "bulk":
        verdict = BulkVerdict(
            "stats", QueueFilter(), "anova", next(iter(said.values()), "accepted")
        )
        with suppress(ReviewConflict), engine.begin() as connection:
            request = asked.request_id
            save_bulk(connection, verdict, reviewer=reviewer, request_id=request, now=clock.now())
    elif kind == "skip":
        with engine.begin() as connection:
            skip(connection, asked)
    else:
        with engine.begin() as connection:
            save(connection, asked, Decision(verdicts=said, settles=kind == "settle"))


def check_counts(engine: Engine) -> None:
    with engine.begin() as connection:
        columns = QueuedQuestion.__table__.c
        told = connection.execute(select(*columns).order_by(columns.question_pk)).all()
        recount(connection, [row.question_pk for row in told])
        counted = connection.execute(select(*columns).order_by(columns.question_pk)).all()
    assert told == counted


def undo_all(engine: Engine, clock: ManualClock) -> None:
    """The newest of all first; one that is refused waits for the others."""
    left = set(REVIEWERS)
    while left:
        progress = False
        for reviewer in sorted(left):
            try:
                take_back(engine, clock, reviewer)
                progress = True
            except UnknownAction:
                left.discard(reviewer)
                progress = True
            except ReviewConflict:
                continue
        assert progress, "reviewers wait for each other"
