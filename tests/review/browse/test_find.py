from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, insert, select, update

from core.database.engine import reading
from core.database.review_tables import BlockedTag
from core.database.tables import Question, TaggingRequest
from review.browse import filters, find
from review.browse.filters import BrowseFilter, State, conditions
from review.browse.find import find_all, find_page
from tests.conftest import ManualClock
from tests.review.decisions.asking import act
from tests.review.rows import predict_rows
from tests.rows import question, store_questions


@pytest.fixture
def stored(engine: Engine, clock: ManualClock) -> Engine:
    """Questions 1 to 6, asked an hour after each other; 5 waits for tagging, 6 is parked."""
    suggestions = {1: {"anova": 0.9}, 2: {"anova": 0.4}, 3: {"r": 0.8}, 4: {"anova": 0.6}}
    for number, tags in suggestions.items():
        authors = {number: ("r",) if number == 2 else ("regression",)}
        titles = {number: f"Question {number} of 100% {'Ünïque' if number == 3 else 'others'}"}
        predict_rows(engine, {number: tags}, now=clock.now(), authors=authors, titles=titles)
        clock.sleep(3600)
    for number in (5, 6):
        store_questions(engine, question(number, created_at=clock.now()), now=clock.now())
        clock.sleep(3600)
    with engine.begin() as connection:
        six = select(Question.id).where(Question.question_id == 6).scalar_subquery()
        parked = update(TaggingRequest).where(TaggingRequest.question_pk == six)
        connection.execute(parked.values(parked_at=clock.now(), error="no"))
    return engine


def numbers(engine: Engine, **chosen: object) -> list[int]:
    with reading(engine) as connection:
        wanted = BrowseFilter(site="stats", **chosen)  # type: ignore[arg-type]
        page = find_page(connection, wanted, seconds=60)
    return [one.question_id for one in page.questions]


def test_the_newest_come_first_and_other_sites_not_at_all(
    stored: Engine, clock: ManualClock
) -> None:
    store_questions(stored, question(9, site="cooking"), now=clock.now())
    assert numbers(stored) == [6, 5, 4, 3, 2, 1]


def test_a_tag_is_the_authors_or_suggested_with_a_probability(stored: Engine) -> None:
    assert numbers(stored, tag="anova") == [4, 1]
    assert numbers(stored, tag="r") == [3, 2]
    assert numbers(stored, tag="anova", min_probability=0.3) == [4, 2, 1]
    assert numbers(stored, min_probability=0.85) == [1]
    assert numbers(stored, tag="none-such") == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [("pending", [5]), ("parked", [6]), ("suggested", [4, 3, 1]), ("disputed", [2]),
     ("reviewed", [3, 2])],
)  # fmt: skip
def test_states(stored: Engine, clock: ManualClock, state: State, expected: list[int]) -> None:
    act(stored, clock, 2, verdicts={"r": "accepted"})
    act(stored, clock, 2, reviewer="bob", verdicts={"r": "rejected"})
    act(stored, clock, 3, reviewer="bob", verdicts={"r": "accepted"})
    assert numbers(stored, state=state) == expected


def test_words_and_dates(stored: Engine, clock: ManualClock) -> None:
    assert numbers(stored, q="100% others") == [4, 2, 1]
    assert numbers(stored, q="100_") == []
    began = clock.now() - timedelta(hours=6)
    assert numbers(stored, since=began + timedelta(hours=4)) == [6, 5]
    hour = timedelta(hours=1)
    assert numbers(stored, since=began + hour, until=began + 3 * hour) == [3, 2]


@pytest.mark.parametrize(
    "chosen",
    [{}, {"tag": "anova"}, {"q": "others"}, {"min_probability": 0.1},
     {"until_hours": 9}, {"state": "suggested"}],
)  # fmt: skip
def test_pages_hold_every_question_once(
    stored: Engine, clock: ManualClock, chosen: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "STRETCHES", (1, 2))
    if "until_hours" in chosen:
        chosen = {"until": clock.now()}
    whole = numbers(stored, **chosen)
    assert len(whole) >= 2
    for seconds in (0.0, 60.0):
        found: list[int] = []
        place = None
        for _ in range(20):
            with reading(stored) as connection:
                chosen_filter = BrowseFilter(site="stats", **chosen)  # type: ignore[arg-type]
                page = find_page(connection, chosen_filter, place, size=2, seconds=seconds)
            assert len(page.questions) <= 2
            found += [one.question_id for one in page.questions]
            place = page.next
            if place is None:
                break
        assert (place, found) == (None, whole)


@pytest.mark.parametrize("held", [9, -1])
@pytest.mark.parametrize("dated", [True, False])
def test_a_walk_gives_what_an_index_gives(
    stored: Engine, clock: ManualClock, dated: bool, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it passes over what the index does not have, or asks of each question."""
    act(stored, clock, 3, verdicts={"r": "accepted"})
    act(stored, clock, 3, reviewer="bob", verdicts={"r": "rejected"})
    dates = {"until": clock.now()} if dated else {}
    given = ({"tag": "anova"}, {"tag": "r"}, {"tag": "none-such"}, {"state": "reviewed"},
             {"tag": "r", "state": "reviewed"}, {"tag": "anova", "min_probability": 0.3},
             {"tag": "anova", "min_probability": 0.05}, {"state": "pending"},
             {"state": "parked"}, {"state": "disputed"}, {"state": "suggested"},
             {"tag": "anova", "q": "others"}, {"min_probability": 0.85})  # fmt: skip
    expected = [numbers(stored, **one, **dates) for one in given]
    with_tags = [[4, 1], [3, 2], [], [3], [3], [4, 2, 1], [4, 2, 1]]
    assert expected == [*with_tags, [5], [6], [3], [4, 3, 1], [4, 1], [1]]
    monkeypatch.setattr(filters, "FEW", -1)
    monkeypatch.setattr(filters, "HELD", held)
    monkeypatch.setattr(find, "STRETCHES", (1, 2))
    monkeypatch.setattr(find, "FAST_STRETCHES", (1, 2))
    assert [numbers(stored, **one, **dates) for one in given] == expected


@pytest.mark.parametrize("dated", [True, False])
def test_many_keys_of_an_index_are_ordered_before_they_are_asked(
    stored: Engine, clock: ManualClock, dated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the page is full; those of another site and without a date are among them."""
    undated = question(8, created_at=None, author_tags=("anova",))
    other = question(9, site="cooking", created_at=clock.now(), author_tags=("anova",))
    store_questions(stored, undated, other, now=clock.now())
    chosen = BrowseFilter(site="stats", tag="anova", until=clock.now() if dated else None)
    with reading(stored) as connection:
        whole = find_page(connection, chosen).questions
        monkeypatch.setattr(find, "CHUNK", 1)
        monkeypatch.setattr(find, "STRETCHES", (1, 2))
        assert find_page(connection, chosen).questions == whole
        first = find_page(connection, chosen, size=1)
        assert find_page(connection, chosen, first.next).questions == whole[1:]
    assert [one.question_id for one in whole] == ([4, 1] if dated else [8, 4, 1])


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_an_export_leaves_out_none_of_a_tag_that_grows_while_it_is_read(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict_rows(
        engine, {1: {"r": 0.9}, 2: {"anova": 0.9}, 3: {"anova": 0.9}}, now=clock.now(),
        authors={1: ("anova",)},
    )  # fmt: skip
    monkeypatch.setattr(filters, "FEW", -1)
    for module in (filters, find):
        monkeypatch.setattr(module, "HELD", 3)
    grown: list[int] = []

    def grow(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        if "may_match" in sql and not grown:
            grown.append(4)  # after they were counted
            predict_rows(engine, {4: {"anova": 0.9}}, now=clock.now())

    event.listen(engine, "before_cursor_execute", grow)
    pages = find_all(engine, BrowseFilter(site="stats", tag="anova"))
    assert {1, 2, 3} <= {one.question_id for page in pages for one in page}
    assert grown == [4]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize(("tagged", "stretches"), [(range(1, 13), 7), ([1], 5)])
def test_a_stretch_is_as_long_as_the_last_one_left_few_to_look_up(
    engine: Engine,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    tagged: Sequence[int],
    stretches: int,
) -> None:
    """Of 12 questions 1, then 2 at once where all have the tag, and up to 4 where one has it."""
    tags = {number: {"anova": 0.9} if number in tagged else {} for number in range(1, 13)}
    predict_rows(engine, tags, now=clock.now())
    monkeypatch.setattr(filters, "FEW", -1)
    monkeypatch.setattr(find, "FAST_STRETCHES", (1, 4))
    monkeypatch.setattr(find, "CHUNK", 2)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    with reading(engine) as connection:
        page = find_page(connection, BrowseFilter(site="stats", tag="anova"), seconds=60)
    assert [one.question_id for one in page.questions] == sorted(tagged, reverse=True)
    assert len([one for one in sent if "may_match" in one]) == stretches


def test_an_export_reads_a_page_at_a_time(stored: Engine) -> None:
    pages = list(find_all(stored, BrowseFilter(site="stats"), size=4))
    assert [[one.question_id for one in page] for page in pages] == [[6, 5, 4, 3], [2, 1]]


def test_a_tag_that_is_blocked_at_its_site_alone_counts_as_not_suggested(
    stored: Engine, clock: ManualClock
) -> None:
    row = {"tag": "anova", "reviewer": "ann", "at": clock.now()}
    with stored.begin() as connection:
        connection.execute(insert(BlockedTag).values(row | {"site": "cooking"}))
    assert numbers(stored, tag="anova") == [4, 1]
    with stored.begin() as connection:
        connection.execute(insert(BlockedTag).values(row | {"site": "stats"}))
    assert numbers(stored, tag="anova") == []
    assert numbers(stored, state="suggested") == [3]


@pytest.mark.parametrize("few", [9, -1])
def test_a_tag_that_is_blocked_has_no_probability(
    stored: Engine, clock: ManualClock, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or questions were shown, exported and told whose tags show no reason for it."""
    monkeypatch.setattr(filters, "FEW", few)
    row = {"site": "stats", "tag": "anova", "reviewer": "ann", "at": clock.now()}
    assert numbers(stored, tag="anova", min_probability=0.3) == [4, 2, 1]
    with stored.begin() as connection:
        connection.execute(insert(BlockedTag).values(row))
    assert numbers(stored, tag="anova", min_probability=0.3) == []
    assert numbers(stored, min_probability=0.3) == [3]


def test_keys_are_looked_up_however_few_questions_sqlite_thinks_a_site_has(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    store_questions(sqlite_engine, question(1), now=clock.now())
    wanted = select(Question.id).where(
        Question.id.in_(range(1, 101)), *conditions(BrowseFilter(site="stats"))
    )
    compiled = wanted.compile(sqlite_engine, compile_kwargs={"literal_binds": True})
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
        few = "UPDATE sqlite_stat1 SET stat = '100000 10 1' WHERE tbl = 'questions'"
        connection.exec_driver_sql(few)
        connection.exec_driver_sql("ANALYZE sqlite_schema")  # reads them
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").one()
    assert "USING INTEGER PRIMARY KEY" in plan.detail
