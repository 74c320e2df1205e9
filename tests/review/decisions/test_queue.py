from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from core.database.review_tables import BlockedTag, QueuedQuestion
from core.database.tables import Question
from review.decisions.queue import next_question
from review.decisions.save import Asked, Decision, save
from review.decisions.undo import undo_newest
from tests.conftest import ManualClock
from tests.review.decisions.asking import act, all_of, asking, following, number_of
from tests.review.rows import predict_rows


@pytest.mark.usefixtures("five")
def test_a_blocked_tag_and_a_deleted_question_are_not_asked_about(
    engine: Engine, clock: ManualClock
) -> None:
    with engine.begin() as connection:
        blocked = {"site": "stats", "tag": "anova", "reviewer": "ann", "at": clock.now()}
        connection.execute(insert(BlockedTag).values(blocked))
        deleted = update(Question).where(Question.question_id == 5)
        connection.execute(deleted.values(state="deleted"))
    assert following(engine, clock, suggested="anova") == 0
    assert following(engine, clock) == 4


@pytest.mark.usefixtures("five")
def test_a_question_stands_on_one_screen_and_comes_again_after_a_reload(
    engine: Engine, clock: ManualClock
) -> None:
    assert following(engine, clock) == 5
    assert following(engine, clock, reviewer="bob") == 4
    assert following(engine, clock) == 5
    clock.sleep(1)
    predict_rows(engine, {6: {}}, now=clock.now(), titles={6: "quinces"})
    assert following(engine, clock) == 5  # though a newer one came
    assert following(engine, clock, "uncertain") == 5
    clock.sleep(11 * 60)
    assert following(engine, clock, reviewer="eve") == 6
    assert following(engine, clock, reviewer="dan") == 5


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("gone", ["deleted", "migrated"])
def test_what_is_gone_meanwhile_leaves_the_screen_and_the_count(
    engine: Engine, clock: ManualClock, gone: str
) -> None:
    act(engine, clock, 2, verdicts={"r": "accepted"})
    act(engine, clock, 2, reviewer="bob", verdicts={"r": "rejected"})
    assert following(engine, clock) == 5
    assert following(engine, clock, "conflicts", reviewer="eve") == 2
    assert following(engine, clock, state=gone) == 0
    with engine.begin() as connection:
        left = update(Question).where(Question.question_id.in_([2, 5]))
        connection.execute(left.values(state=gone))
    found = next_question(engine, asking(clock))
    assert found is not None
    assert (number_of(engine, found.pk), found.left) == (4, 3)
    assert following(engine, clock, "conflicts", reviewer="eve") == 0
    assert following(engine, clock, state=gone) == 5  # who asks for them gets them


@pytest.mark.usefixtures("five")
def test_reviewers_at_once_get_each_a_question_of_their_own(
    engine: Engine, clock: ManualClock
) -> None:
    with ThreadPoolExecutor(5) as threads:
        found = list(
            threads.map(lambda place: following(engine, clock, reviewer=f"r{place}"), range(7))
        )
    assert sorted(found) == [0, 0, 1, 2, 3, 4, 5]


@pytest.mark.usefixtures("five")
def test_what_is_done_with_never_comes_again_unless_it_is_undone(
    engine: Engine, clock: ManualClock
) -> None:
    act(engine, clock, 5)
    act(engine, clock, 4, verdicts={"r": "accepted"})
    assert following(engine, clock) == 3
    assert following(engine, clock, reviewer="bob") == 5  # skipped by ann alone
    with engine.begin() as connection:
        assert undo_newest(connection, "ann", now=clock.now()).question_id == 4
    assert following(engine, clock, "uncertain") == 4  # it stands on her screen again
    assert all_of(engine, clock, reviewer="bob") == [5, 2, 1]  # 3 is on her screen too


@pytest.mark.usefixtures("five")
def test_a_second_opinion_comes_from_another(engine: Engine, clock: ManualClock) -> None:
    act(engine, clock, 5, verdicts={"r": "accepted"})
    assert following(engine, clock, reviewer="bob") == 4
    with engine.begin() as connection:
        connection.execute(update(QueuedQuestion).values(wanted_reviews=2))
    assert following(engine, clock) == 3
    assert following(engine, clock, reviewer="eve") == 5


@pytest.mark.usefixtures("five")
def test_conflicts_are_a_queue_of_their_own(engine: Engine, clock: ManualClock) -> None:
    for reviewer, verdict in (("ann", "accepted"), ("bob", "rejected")):
        for number in (2, 3):
            act(engine, clock, number, reviewer=reviewer, verdicts={"r": verdict})  # type: ignore[dict-item]
    assert all_of(engine, clock, "conflicts", reviewer="eve") == [2, 3]
    clock.sleep(11 * 60)
    act(engine, clock, 2)  # ann leaves it to others
    assert all_of(engine, clock, "conflicts") == [3]
    clock.sleep(11 * 60)
    asked = Asked("eve", "settle", "stats", 2, clock.now())
    with engine.begin() as connection:
        save(connection, asked, Decision(verdicts={"r": "rejected"}, settles=True))
    assert all_of(engine, clock, "conflicts", reviewer="eve") == [3]


def test_near_duplicates_are_spread_out(engine: Engine, clock: ManualClock) -> None:
    titles = {
        1: "What is a median?",
        2: "How to fit a line in R",
        3: "How to fit a line in R quickly",
        4: "How to fit a line in R?",
    }
    for number in titles:
        clock.sleep(1)
        predict_rows(engine, {number: {}}, now=clock.now(), titles=titles)
    act(engine, clock, 4)
    assert following(engine, clock) == 1
    act(engine, clock, 1)
    assert following(engine, clock) == 3  # nothing else is left


def test_what_is_left_is_counted_up_to_a_bound(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, five: dict[int, int]
) -> None:
    def left(**chosen: Any) -> int | None:
        found = next_question(engine, asking(clock, **chosen))
        assert found is not None
        return found.left

    assert left() == left(site="stats") == len(five)
    act(engine, clock, 5)
    assert left() == 4
    assert left(skip_ids=(5, 4, 99)) == left(site="stats", skip_ids=(3,)) == 3  # 5 is done already
    assert left(q="nuts") is None
    monkeypatch.setattr("review.decisions.queue.MOST_LEFT", 3)
    assert left() is None
