import random
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from core.database.review_tables import BlockedTag, QueuedQuestion
from core.database.tables import Question
from core.questions.verdicts import Decided
from review.decisions import filters, walk
from review.decisions.filters import QueueFilter
from review.decisions.queue import next_question
from review.decisions.save import Asked, Decision, save, skip
from review.decisions.undo import undo_newest
from review.decisions.walk import Asking, Order
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def asking(
    clock: ManualClock,
    order: Order = "newest",
    *,
    reviewer: str = "ann",
    skip_ids: tuple[int, ...] = (),
    **chosen: Any,
) -> Asking:
    """A request, of which `skip_ids` are numbers of the site stats."""
    skipped = tuple(("stats", number) for number in skip_ids)
    return Asking(reviewer, order, QueueFilter(**chosen), skipped, clock.now())


def number_of(engine: Engine, pk: int) -> int:
    with engine.connect() as connection:
        return connection.execute(
            select(Question.question_id).where(Question.id == pk)
        ).scalar_one()


def following(engine: Engine, clock: ManualClock, order: Order = "newest", **given: Any) -> int:
    """The number of the next question, or 0."""
    found = next_question(engine, asking(clock, order, **given), random.Random(7))
    return number_of(engine, found.pk) if found else 0


def act(
    engine: Engine,
    clock: ManualClock,
    number: int,
    *,
    reviewer: str = "ann",
    verdicts: Mapping[str, Decided] | None = None,
) -> None:
    """Save, or skip where there are no verdicts."""
    asked = Asked(reviewer, uuid.uuid4().hex, "stats", number, clock.now())
    with engine.begin() as connection:
        if verdicts is None:
            skip(connection, asked)
        else:
            save(connection, asked, Decision(verdicts=verdicts))


def all_of(engine: Engine, clock: ManualClock, order: Order = "newest", **given: Any) -> list[int]:
    """Go through the queue, asking as a page does that shows one after another."""
    seen: list[int] = []
    while number := following(engine, clock, order, skip_ids=tuple(seen), **given):
        seen.append(number)
    return seen


@pytest.fixture
def five(engine: Engine, clock: ManualClock) -> dict[int, int]:
    """Five questions with titles that are not alike, predicted in the order of their numbers."""
    titles = {1: "apples", 2: "pears", 3: "plums", 4: "figs and nuts", 5: "nuts"}
    authors = {1: ("r",), 2: ("anova",), 3: (), 4: ("r", "anova"), 5: ()}
    probabilities = {1: 0.9, 2: 0.6, 3: 0.4, 4: 0.95, 5: 0.1}
    keys: dict[int, int] = {}
    for number, p in probabilities.items():
        clock.sleep(60)
        given = {number: {"anova": p, "r": 0.01}}
        keys |= predict_rows(engine, given, now=clock.now(), titles=titles, authors=authors)
    with engine.begin() as connection:
        for number, pk in keys.items():
            values = {"uncertainty": number / 10, "label_quality": ((number * 2) % 5) / 5}
            connection.execute(
                update(QueuedQuestion).where(QueuedQuestion.question_pk == pk).values(values)
            )
    return keys


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest", [5, 4, 3, 2, 1]),
        ("uncertain", [5, 4, 3, 2, 1]),
        ("disputed", [5, 3, 1, 4, 2]),
        ("conflicts", []),
    ],
)
def test_each_order(engine: Engine, clock: ManualClock, order: Order, expected: list[int]) -> None:
    assert all_of(engine, clock, order) == expected


@pytest.mark.usefixtures("five")
def test_a_random_order_gives_each_once(engine: Engine, clock: ManualClock) -> None:
    assert sorted(all_of(engine, clock, "random")) == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("rare", [5_000, -1])  # by the tag's own index, and by the walk
@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"site": "stats", "suggested": "anova"}, {1, 2, 4}),
        ({"suggested": "anova", "min_probability": 0.9}, {1, 4}),
        ({"min_probability": 0.95}, {4}),
        ({"author": "r"}, {1, 4}),
        ({"author": "r", "suggested": "anova", "q": "nut FIG"}, {4}),
        ({"tag": "r"}, {1, 4}),
        ({"tag": "anova"}, {1, 2, 4}),
        ({"q": "nuts"}, {4, 5}),
        ({"q": "%"}, set()),
        ({"since": timedelta(minutes=-1)}, {4, 5}),
        ({"state": "closed"}, {3}),
        ({"site": "cooking"}, set()),
        ({"suggested": "r"}, set()),
    ],
)
@pytest.mark.slow
def test_filters_hold_in_every_order(
    engine: Engine,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    rare: int,
    chosen: dict[str, Any],
    expected: set[int],
) -> None:
    monkeypatch.setattr(filters, "RARE", rare)
    with engine.begin() as connection:
        connection.execute(update(Question).where(Question.question_id == 3).values(state="closed"))
    if "since" in chosen:
        chosen = {"since": clock.now() + chosen["since"]}
    orders: tuple[Order, ...] = ("newest", "disputed", "random")
    for order in orders:
        assert set(all_of(engine, clock, order, **chosen)) == expected


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


@pytest.mark.slow
@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("rare", [5_000, -1])
def test_a_tag_that_is_blocked_counts_as_its_authors_alone(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, rare: int
) -> None:
    monkeypatch.setattr(filters, "RARE", rare)
    blocked = {"site": "stats", "tag": "anova", "reviewer": "ann", "at": clock.now()}
    with engine.begin() as connection:
        connection.execute(insert(BlockedTag).values(blocked | {"site": "cooking"}))
    assert set(all_of(engine, clock, tag="anova")) == {1, 2, 4}  # blocked elsewhere
    assert set(all_of(engine, clock, min_probability=0.5)) == {1, 2, 4}
    with engine.begin() as connection:
        connection.execute(insert(BlockedTag).values(blocked))
    clock.sleep(11 * 60)  # what stands on the screen stays there so long
    assert set(all_of(engine, clock, tag="anova")) == {2, 4}
    assert all_of(engine, clock, min_probability=0.5) == []


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
    assert left(q="nuts") is None
    monkeypatch.setattr("review.decisions.queue.MOST_LEFT", 3)
    assert left() is None


@pytest.mark.usefixtures("five")
def test_the_walk_looks_at_so_many_questions_and_no_more(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "STEPS", (1, 2))
    assert following(engine, clock, q="plums") == 3
    assert following(engine, clock, q="apples") == 0
    monkeypatch.setattr(filters, "RARE", -1)
    assert following(engine, clock, suggested="anova", q="apples") == 1  # by the tag's index


@pytest.mark.usefixtures("five")
def test_of_all_sites_the_first_comes_first(engine: Engine, clock: ManualClock) -> None:
    titles = {1: "soup", 2: "tea"}
    clock.sleep(-150)
    predict_rows(engine, {1: {}, 2: {}}, now=clock.now(), site="cooking", titles=titles)
    clock.sleep(150)
    seen: list[str | None] = []
    for _ in range(5):
        found = next_question(engine, asking(clock, reviewer=f"r{len(seen)}"))
        assert found is not None
        with engine.connect() as connection:
            site = select(Question.site).where(Question.id == found.pk)
            seen.append(connection.scalar(site))
    assert seen == ["stats"] * 3 + ["cooking"] * 2


def test_questions_of_one_moment_have_an_order_so_that_steps_of_the_walk_meet_each_once(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(engine, {number: {} for number in range(1, 8)}, now=clock.now())
    orders: tuple[Order, ...] = ("newest", "uncertain", "disputed")
    with engine.begin() as connection:
        connection.execute(update(QueuedQuestion).values(uncertainty=0.5, label_quality=0.5))
        for order in orders:
            (part,) = walk._parts(connection, asking(clock, order), "stats", random.Random(7))
            assert "question_pk" in str(part).split("ORDER BY")[1]
            stretches = [part.limit(2).offset(start) for start in range(0, 8, 2)]
            met = [row.question_pk for one in stretches for row in connection.execute(one)]
            assert len(set(met)) == 7


def test_a_question_that_is_not_wanted_keeps_no_other_site_s_of_its_number(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(engine, {1: {"r": 0.9}}, now=clock.now(), site="cooking")
    clock.sleep(1)
    predict_rows(engine, {1: {"r": 0.9}, 2: {"r": 0.9}}, now=clock.now())
    for number in (1, 2):  # the second time it is claimed already
        found = next_question(engine, asking(clock, skip_ids=(1, 2)), random.Random(7))
        assert found is not None, number
        with engine.connect() as connection:
            assert (
                connection.scalar(select(Question.site).where(Question.id == found.pk)) == "cooking"
            )
