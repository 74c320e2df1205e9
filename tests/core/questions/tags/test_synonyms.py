"""Tags that a site has renamed: what they stand for, and that none of them is suggested."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from core.database.review_tables import BlockedTag, QueuedQuestion
from core.questions.suggested import read_blocked_tags
from core.questions.tags.synonyms import (
    _resolved,
    drop_synonyms,
    find_oldest_reading,
    read_replaced,
    read_synonyms,
    relabel,
    relabel_probabilities,
    store_synonyms,
)
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def stored(engine: Engine, clock: ManualClock, synonyms: Mapping[str, str]) -> dict[str, str]:
    with engine.begin() as connection:
        store_synonyms(connection, "stats", synonyms, now=clock.now())
        return read_synonyms(connection, "stats")


@pytest.mark.parametrize(
    ("synonyms", "living"),
    [
        ({"old": "new"}, {"old": "new"}),
        ({"a": "b", "b": "c"}, {"a": "c", "b": "c"}),
        ({"a": "b", "b": "c", "c": "a", "x": "a"}, {}),
        ({"a": "a"}, {}),
        ({"a": "b", "b": "c", "c": "a", "x": "y", "y": "z", "w": "x"}, dict.fromkeys("wxy", "z")),
    ],
)
def test_a_dead_tag_stands_for_the_living_one_however_far(
    sqlite_engine: Engine, clock: ManualClock, synonyms: dict[str, str], living: dict[str, str]
) -> None:
    assert stored(sqlite_engine, clock, synonyms) == living


def test_a_long_chain_takes_no_more_time_than_it_has_links() -> None:
    synonyms = {f"tag{number}": f"tag{number + 1}" for number in range(20_000)}
    assert set(_resolved(synonyms).values()) == {"tag20000"}  # took half a minute


def test_what_is_stored_again_counts_as_it_is_now_and_is_blocked(
    engine: Engine, clock: ManualClock
) -> None:
    stored(engine, clock, {"old": "new", "older": "old"})
    assert stored(engine, clock, {"old": "newest"}) == {"old": "newest", "older": "newest"}
    with engine.connect() as connection:
        assert read_blocked_tags(connection, "stats") == {"old", "older"}
        assert read_synonyms(connection, "cooking") == {}


def test_a_synonym_that_is_turned_round_lets_the_dead_tag_live_again(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    stored(sqlite_engine, clock, {"old": "new"})
    assert stored(sqlite_engine, clock, {"new": "old"}) == {"new": "old"}
    with sqlite_engine.connect() as connection:
        assert read_blocked_tags(connection, "stats") == {"new"}


def blocked(engine: Engine) -> frozenset[str]:
    with engine.connect() as connection:
        return read_blocked_tags(connection, "stats")


def test_a_tag_that_a_person_unblocked_is_blocked_again_only_where_its_synonym_changes(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    stored(sqlite_engine, clock, {"old": "new"})
    with sqlite_engine.begin() as connection:
        connection.execute(delete(BlockedTag))
    stored(sqlite_engine, clock, {"old": "new"})
    assert blocked(sqlite_engine) == frozenset()
    stored(sqlite_engine, clock, {"old": "newer"})
    assert blocked(sqlite_engine) == {"old"}


def test_a_dead_tag_is_replaced_unless_a_person_unblocked_it(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    stored(sqlite_engine, clock, {"older": "old", "old": "new", "dead": "new"})
    with sqlite_engine.begin() as connection:
        connection.execute(delete(BlockedTag).where(BlockedTag.tag == "old"))
        assert read_replaced(connection, "stats") == {"older": "new", "dead": "new"}


def test_what_was_not_read_again_is_dropped_and_lives_unless_a_person_blocks_it(
    engine: Engine, clock: ManualClock
) -> None:
    ann = {"site": "stats", "tag": "hers", "reviewer": "ann", "at": clock.now()}
    with engine.begin() as connection:
        connection.execute(insert(BlockedTag).values(ann))
    first = clock.now()
    stored(engine, clock, {"gone": "r", "hers": "r", "kept": "r"})
    clock.sleep(60)
    stored(engine, clock, {"kept": "r"})
    with engine.begin() as connection:
        assert find_oldest_reading(connection, "stats") == first
        drop_synonyms(connection, "cooking", read_before=clock.now())
        drop_synonyms(connection, "stats", read_before=clock.now())
        assert read_synonyms(connection, "stats") == {"kept": "r"}
        assert find_oldest_reading(connection, "cooking") is None
    assert blocked(engine) == {"hers", "kept"}


def test_questions_whose_tags_are_renamed_or_live_again_are_scored_again(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(
        engine, {1: {"r": 0.5}, 2: {"r": 0.5}}, now=clock.now(), authors={1: ("old", "r"), 2: "r"}
    )

    def unscored() -> list[bool]:
        chosen = select(QueuedQuestion.uncertainty).order_by(QueuedQuestion.question_pk)
        with engine.begin() as connection:
            found = [value is None for value in connection.scalars(chosen)]
            connection.execute(update(QueuedQuestion).values(uncertainty=0.5))
        return found

    assert unscored() == [True, True]
    stored(engine, clock, {"old": "new"})
    assert unscored() == [True, False]
    stored(engine, clock, {"old": "new"})
    assert unscored() == [False, False]
    with engine.begin() as connection:
        drop_synonyms(connection, "stats", read_before=clock.now() + timedelta(1))
    assert unscored() == [True, False]


def test_a_question_has_each_living_tag_once() -> None:
    assert relabel(("new", "old", "r"), {"old": "new"}) == ("new", "r")


def test_a_living_tag_is_as_probable_as_the_likeliest_of_those_it_stands_for() -> None:
    found = relabel_probabilities({"old": 0.75, "r": 0.5, "new": 0.25}, {"old": "new"})
    assert found == {"new": 0.75, "r": 0.5}
