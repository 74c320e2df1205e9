from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from core.database.engine import reading
from core.database.review_tables import BlockedTag, QueuedQuestion, Verdict
from core.errors import ReviewConflict
from core.questions.verdicts import Decided
from review.decisions import bulk
from review.decisions.bulk import BulkSaved, BulkVerdict, preview_bulk, save_bulk
from review.decisions.filters import QueueFilter
from review.decisions.history import list_history
from review.decisions.save import Asked, Decision, save
from review.decisions.undo import undo_newest
from tests.conftest import ManualClock
from tests.review.rows import all_rows, predict_rows


@pytest.fixture(autouse=True)
def six(engine: Engine, clock: ManualClock) -> dict[int, int]:
    """Of six questions anova is suggested for 1, 2 and 3, and author's of 4."""
    predicted = {number: {"anova": 0.9 if number < 4 else 0.1} for number in range(1, 7)}
    return predict_rows(engine, predicted, now=clock.now(), authors={4: ["anova"]})


def verdict(said: Decided = "accepted", tag: str = "anova", **chosen: Any) -> BulkVerdict:
    return BulkVerdict("stats", QueueFilter(site="stats", **chosen), tag, said)


def decide(
    engine: Engine, clock: ManualClock, said: BulkVerdict, request: str = "one"
) -> BulkSaved:
    with engine.begin() as connection:
        return save_bulk(connection, said, reviewer="ann", request_id=request, now=clock.now())


def said_of(engine: Engine) -> dict[int, str]:
    rows = select(Verdict.question_pk, Verdict.verdict).where(Verdict.tag == "anova")
    with reading(engine) as connection:
        return {row.question_pk: row.verdict for row in connection.execute(rows)}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (verdict(), {1, 2, 3, 4}),
        (verdict("rejected", suggested="anova"), {1, 2, 3}),
        (verdict("added", q="question"), {5, 6}),
        (verdict(q="question 2"), {2}),
        (verdict("added", author="anova", tag="r"), {4}),
    ],
)
def test_a_preview_counts_what_is_then_decided(
    engine: Engine, clock: ManualClock, six: dict[int, int], said: BulkVerdict, expected: set[int]
) -> None:
    with reading(engine) as connection:
        preview = preview_bulk(connection, said, "ann")
    assert preview.count == len(expected)
    assert set(preview.first) == {six[number] for number in expected}
    assert decide(engine, clock, said).count == len(expected)


def test_a_blocked_tag_is_accepted_where_its_author_gave_it_alone(
    engine: Engine, clock: ManualClock, six: dict[int, int]
) -> None:
    with engine.begin() as connection:
        blocked = {"site": "stats", "tag": "anova", "reviewer": "eve", "at": clock.now()}
        connection.execute(insert(BlockedTag).values(blocked))
    with reading(engine) as connection:
        assert preview_bulk(connection, verdict(suggested="anova"), "ann").count == 0
        assert preview_bulk(connection, verdict(min_probability=0.5), "ann").count == 0
    assert decide(engine, clock, verdict(tag="anova")).count == 1
    assert said_of(engine) == {six[4]: "accepted"}


def test_it_is_one_action_that_is_undone_as_one(
    engine: Engine, clock: ManualClock, six: dict[int, int]
) -> None:
    with engine.begin() as connection:
        asked = Asked("ann", "before", "stats", 1, clock.now())
        save(connection, asked, Decision(verdicts={"anova": "rejected", "r": "added"}))
    before = all_rows(engine)
    clock.sleep(1)
    assert decide(engine, clock, verdict()).count == 3
    assert said_of(engine) == {six[1]: "rejected"} | {six[n]: "accepted" for n in (2, 3, 4)}
    with reading(engine) as connection:
        queue = select(QueuedQuestion.reviews).order_by(QueuedQuestion.question_pk)
        assert list(connection.scalars(queue)) == [1, 0, 0, 0, 0, 0]  # no review of the whole
        newest = list_history(connection, "ann").actions[0]
    assert (newest.kind, newest.summary["count"]) == ("bulk", 3)
    with engine.begin() as connection:
        undone = undo_newest(connection, "ann", now=clock.now())
    assert undone.question_id is None
    assert all_rows(engine) == before


def test_sent_again_it_does_nothing(engine: Engine, clock: ManualClock) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = set(threads.map(lambda _: decide(engine, clock, verdict()), range(8)))
    assert {answer.count for answer in answers} == {4}
    assert len(answers) == 1


def test_too_many_and_none_are_refused(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 3)
    with reading(engine) as connection:
        assert preview_bulk(connection, verdict(), "ann").count == 4
    with pytest.raises(ReviewConflict, match="narrow the filter"):
        decide(engine, clock, verdict())
    with pytest.raises(ReviewConflict, match="Nothing matches"):
        decide(engine, clock, verdict(q="quinces"))
    assert said_of(engine) == {}


def test_a_tag_s_questions_are_found_in_stretches(
    engine: Engine, six: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STRETCH", 1)
    monkeypatch.setattr("review.decisions.filters.RARE", -1)
    said = verdict(tag="regression")  # all have it of their author but 4
    with reading(engine) as connection:
        preview = preview_bulk(connection, said, "ann")
        narrow = preview_bulk(connection, verdict(tag="regression", q="question 6"), "ann")
    assert preview.first == [six[number] for number in (1, 2, 3, 5, 6)]
    assert narrow.first == [six[6]]


@pytest.mark.parametrize(("rare", "held"), [(9, 9), (-1, 9), (-1, -1)])
def test_a_filter_s_tag_leads_to_its_questions_alone(
    engine: Engine,
    clock: ManualClock,
    six: dict[int, int],
    monkeypatch: pytest.MonkeyPatch,
    rare: int,
    held: int,
) -> None:
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now(), site="cooking")
    monkeypatch.setattr("core.database.keys.CHUNK", 2)
    monkeypatch.setattr(bulk, "STRETCH", 2)
    monkeypatch.setattr("review.decisions.filters.RARE", rare)
    monkeypatch.setattr("review.decisions.filters.HELD", held)

    def found(said: BulkVerdict) -> list[int]:
        with reading(engine) as connection:
            keys = preview_bulk(connection, said, "ann").first
        return [number for number, pk in six.items() for key in keys if key == pk]

    assert found(verdict("added", "r", suggested="anova")) == [1, 2, 3]
    either = BulkVerdict("stats", QueueFilter(site="stats", tag="anova"), "r", "added")
    assert found(either) == [1, 2, 3, 4]
    assert found(verdict("added", "anova", author="regression")) == [5, 6]
    assert found(verdict("accepted", "regression", suggested="anova")) == [1, 2, 3]
    assert found(verdict("accepted", "anova", author="regression")) == [1, 2, 3]
    assert found(verdict("accepted", "anova", suggested="anova", q="question 3")) == [3]
    assert found(verdict("added", "r")) == [1, 2, 3, 4, 5, 6]
    monkeypatch.setattr(bulk, "MOST", 2)
    assert found(either) == [1, 2, 3]
