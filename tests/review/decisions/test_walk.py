import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, text, update

from core.database.review_tables import BlockedTag, QueuedQuestion, Review
from core.database.tables import Question
from review.decisions import filters, walk
from review.decisions.filters import Order
from review.decisions.queue import next_question
from review.decisions.walk import count_left, find_candidates
from tests.conftest import ManualClock
from tests.review.decisions.asking import act, all_of, asking, following
from tests.review.rows import predict_rows


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
@pytest.mark.parametrize("rare", [5_000, -1])  # by the tag's own index, and by both steps of a walk
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
    monkeypatch.setattr(walk, "STEPS", (1, 9))
    with engine.begin() as connection:
        connection.execute(update(Question).where(Question.question_id == 3).values(state="closed"))
    if "since" in chosen:
        chosen = {"since": clock.now() + chosen["since"]}
    orders: tuple[Order, ...] = ("newest", "disputed", "random")
    for order in orders:
        assert set(all_of(engine, clock, order, **chosen)) == expected


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
def test_the_walk_looks_at_so_many_questions_and_no_more(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "STEPS", (1, 2))
    assert following(engine, clock, q="plums") == 3
    assert following(engine, clock, q="apples") == 0
    monkeypatch.setattr(filters, "RARE", -1)
    assert following(engine, clock, suggested="anova", q="apples") == 1  # by the tag's index


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("order", ["newest", "uncertain", "random"])
def test_a_reviewer_who_is_done_with_all_that_the_walk_looks_at_gets_what_comes_after(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, order: Order
) -> None:
    monkeypatch.setattr(walk, "STEPS", (1, 1))
    met = []
    while number := following(engine, clock, order):
        met.append(number)
        act(engine, clock, number)  # skipped: others may still decide
        clock.sleep(11 * 60)
    assert sorted(met) == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("five")
def test_a_reviewer_who_is_done_with_what_matches_gets_what_matches_behind_it(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "STEPS", (3,))
    assert following(engine, clock, "disputed", q="nuts") == 5
    act(engine, clock, 5)  # of the first three, one matches
    assert following(engine, clock, "disputed", q="nuts") == 4


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("done", "chosen", "expected", "steps"),
    [
        ((5,), {"q": "apples"}, [], 1),  # what does not match makes no other walk
        ((5, 4), {}, ["plums", "pears"], 2),  # nothing of the first step is left
        ((5,), {}, ["figs and nuts"], 1),  # as much is left
        ((4,), {"author": "r"}, ["apples"], 3),  # nothing that matches, and the tag's newest
    ],
)
def test_another_walk_leaves_out_what_is_done_where_that_is_more_than_what_is_left(
    engine: Engine,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    done: tuple[int, ...],
    chosen: dict[str, Any],
    expected: list[str],
    steps: int,
) -> None:
    monkeypatch.setattr(filters, "RARE", -1)
    monkeypatch.setattr(walk, "STEPS", (2,))
    for number in done:
        act(engine, clock, number)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    with engine.connect() as connection:
        asked, rng = asking(clock, **chosen), random.Random(7)
        found = find_candidates(connection, asked, "stats", enough=30, rng=rng)
    assert [one.title for one in found] == expected
    assert len([one for one in sent if "questions.title" in one and "is_left" in one]) == steps


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_walk_of_many_sites_is_planned_for_each(engine: Engine, clock: ManualClock) -> None:
    """Of a statement that comes ten times Postgres keeps a plan for a step of any length."""
    predict_rows(engine, {n: {"anova": 0.9} for n in range(1, 50)}, now=clock.now())
    with engine.connect() as connection:
        for _ in range(12):
            asked = asking(clock, q="plums", min_probability=0.9)
            find_candidates(connection, asked, "stats", enough=30, rng=random.Random(7))
        plans = (
            "SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements "
            "WHERE statement LIKE '%questions.title%'"
        )
        generic, custom = connection.execute(text(plans)).one()
    assert (generic, custom > 0) == (0, True)


def test_the_time_for_a_tag_s_newest_is_shared_with_its_authors_questions(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "RARE", -1)
    monkeypatch.setattr(walk, "STEPS", (0,))
    monkeypatch.setattr(walk, "TAG_STEP", 1)
    monkeypatch.setattr(walk, "TAG_SECONDS", 0)
    titles = {1: "tea", 2: "milk", 3: "salt"}
    tags = {1: {"r": 0.01}, 2: {"r": 0.9}, 3: {}}
    predict_rows(engine, tags, now=clock.now(), titles=titles, authors={1: ("r",)})
    assert following(engine, clock, tag="r", q="tea", skip_ids=(3,)) == 1
    assert following(engine, clock, suggested="r", q="tea", skip_ids=(3,)) == 0


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(("some", "steps"), [(2, 2), (3, 3)])
def test_after_two_steps_of_the_walk_some_are_enough(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, some: int, steps: int
) -> None:
    monkeypatch.setattr(walk, "STEPS", (1, 1, 3))
    monkeypatch.setattr(walk, "SOME", some)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    with engine.connect() as connection:
        asked, rng = asking(clock, q="nuts"), random.Random(7)
        found = find_candidates(connection, asked, "stats", enough=30, rng=rng)
    assert [one.title for one in found] == ["nuts", "figs and nuts"]
    assert len([one for one in sent if "questions.title" in one]) == steps


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(("most", "held"), [(5, True), (4, False)])
def test_the_second_step_holds_the_keys_of_a_tag_that_has_not_too_many(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, most: int, held: bool
) -> None:
    monkeypatch.setattr(filters, "RARE", -1)
    monkeypatch.setattr(filters, "HELD", most)
    monkeypatch.setattr(walk, "STEPS", (1, 9))
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    with engine.connect() as connection:
        asked, rng = asking(clock, suggested="anova"), random.Random(7)
        found = find_candidates(connection, asked, "stats", enough=30, rng=rng)
    assert [one.title for one in found] == ["figs and nuts", "pears", "apples"]
    first, second = [one for one in sent if "questions.title" in one]
    held = held and engine.dialect.name == "postgresql"
    assert ("IN (SELECT" in first, "IN (SELECT" in second) == (False, held)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_postgres_follows_the_queue_s_index_though_it_knows_nothing_of_the_tables(
    engine: Engine, clock: ManualClock
) -> None:
    pks = predict_rows(engine, {n: {"anova": 0.9} for n in range(1, 3000)}, now=clock.now())
    done = [{"question_pk": pk, "reviewer": "ann", "at": clock.now()} for pk in pks.values()]
    sent: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with engine.begin() as connection:
        connection.execute(insert(Review), done[:2000])
        find_candidates(connection, asking(clock), "stats", enough=30, rng=random.Random(7))
        sql, given = next(one for one in sent if "ORDER BY" in one[0])
        plan = connection.exec_driver_sql(f"EXPLAIN (COSTS OFF) {sql}", given).scalars().all()
    nodes = {line.strip(" ->") for line in plan}
    assert not nodes & {"Sort", "Materialize"}, plan


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_postgres_is_given_a_tag_s_keys_and_joins_no_queue_with_the_tag(
    engine: Engine, clock: ManualClock
) -> None:
    """It would go through the whole queue for a tag of 200 questions where it knows no table."""
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    with engine.connect() as connection:
        asked, rng = asking(clock, suggested="anova"), random.Random(7)
        found = find_candidates(connection, asked, "stats", enough=30, rng=rng)
    assert sorted(one.title for one in found) == ["apples", "figs and nuts", "pears"]
    assert [one for one in sent if "review_queue.question_pk = ANY" in one]
    assert not [one for one in sent if "review_queue.question_pk IN (SELECT likely_tags" in one]


@pytest.mark.parametrize("order", ["newest", "uncertain", "disputed"])
@pytest.mark.parametrize("rare", [5_000, -1])
def test_sqlite_looks_a_tag_s_questions_up_by_their_keys_though_it_knows_nothing_of_the_tables(
    sqlite_engine: Engine,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    order: Order,
    rare: int,
) -> None:
    monkeypatch.setattr(filters, "RARE", rare)
    sent: list[tuple[str, Any]] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda *told: sent.append(told[2:4]))
    with sqlite_engine.connect() as connection:
        asked, rng = asking(clock, order, suggested="anova"), random.Random(7)
        find_candidates(connection, asked, "stats", enough=5, rng=rng)
        looked_up, *_ = [one for one in sent if "review_queue.question_pk IN (SELECT" in one[0]]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {looked_up[0]}", looked_up[1]).all()
    assert [row.detail for row in plan if "SEARCH review_queue USING INTEGER PRIMARY" in row.detail]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("order", ["newest", "uncertain"])
def test_of_a_tag_that_the_walk_has_not_met_the_newest_are_looked_up_until_a_time_is_over(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, order: Order
) -> None:
    monkeypatch.setattr(filters, "RARE", -1)
    monkeypatch.setattr(walk, "STEPS", (0,))
    monkeypatch.setattr(walk, "TAG_STEP", 1)

    def titles(**chosen: Any) -> list[str]:
        with engine.connect() as connection:
            asked, rng = asking(clock, order, skip_ids=(3,), **chosen), random.Random(7)
            found = find_candidates(connection, asked, "stats", enough=9, rng=rng)
        return [one.title for one in found]

    for seconds, more in ((60, True), (0, False)):
        monkeypatch.setattr(walk, "TAG_SECONDS", seconds)
        assert titles(author="r", q="figs") == ["figs and nuts"]
        assert titles(author="r", q="apples") == (["apples"] if more else [])
        assert titles(author="r", q="plums") == []
        assert titles(tag="r", q="apples") == (["apples"] if more else [])
        assert titles(suggested="anova", q="figs") == (["figs and nuts"] if more else [])
        assert titles(suggested="anova", author="r", q="apples") == (["apples"] if more else [])


@pytest.mark.usefixtures("five")
def test_a_rare_tag_s_filter_is_asked_of_the_first_ones_alone(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "STEPS", (1,))
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    orders: tuple[Order, ...] = ("newest", "uncertain", "disputed", "random")
    for order in orders:
        for enough in (1, 2):
            sent.clear()
            asked, rng = asking(clock, order, author="r"), random.Random(7)
            with engine.connect() as connection:
                found = find_candidates(connection, asked, "stats", enough=enough, rng=rng)
            assert len(found) == enough
            assert len([one for one in sent if "questions.title" in one]) == enough


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite reads one snapshot
@pytest.mark.parametrize("order", ["uncertain", "disputed"])
def test_a_question_whose_scores_a_worker_unsets_meanwhile_is_passed_over(
    engine: Engine, clock: ManualClock, order: Order
) -> None:
    first = select(Question.id).where(Question.question_id == 1).scalar_subquery()
    unset = update(QueuedQuestion).where(QueuedQuestion.question_pk == first)
    left = [unset.values(uncertainty=None, label_quality=None)]

    def work(*told: Any) -> None:
        if "questions.title" in told[2] and left:
            with engine.begin() as other:
                other.execute(left.pop())

    event.listen(engine, "before_cursor_execute", work)
    with engine.connect() as connection:
        asked, rng = asking(clock, order, author="r"), random.Random(7)
        found = find_candidates(connection, asked, "stats", enough=5, rng=rng)
    assert not left
    assert [one.title for one in found] == ["figs and nuts"]


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


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("order", ["newest", "uncertain", "conflicts"])
@pytest.mark.parametrize(("gone", "most"), [((), 9), ((), 3), ((1, 2), 2), ((1, 2, 3, 4), 1)])
def test_what_is_left_is_counted_without_what_is_gone(
    engine: Engine, clock: ManualClock, order: Order, gone: tuple[int, ...], most: int
) -> None:
    with engine.begin() as connection:
        connection.execute(update(QueuedQuestion).values(conflicting=True))
        left = update(Question).where(Question.question_id.in_(gone))
        connection.execute(left.values(state="migrated"))
    asked = asking(clock, order)
    with engine.connect() as connection:
        assert count_left(connection, asked, "stats", most=most) == min(5 - len(gone), most)
        assert count_left(connection, asked, "stats", most=100) == 5 - len(gone)
        assert count_left(connection, asked, "cooking", most=100) == 0
