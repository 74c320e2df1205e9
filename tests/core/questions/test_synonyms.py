"""Tags that a site has renamed: what they stand for, and that none of them is suggested."""

from collections.abc import Mapping

import pytest
from sqlalchemy import Engine

from core.questions.suggested import read_blocked_tags
from core.questions.synonyms import (
    read_synonyms,
    relabel,
    relabel_probabilities,
    store_synonyms,
)
from tests.conftest import ManualClock


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
    ],
)
def test_a_dead_tag_stands_for_the_living_one_however_far(
    sqlite_engine: Engine, clock: ManualClock, synonyms: dict[str, str], living: dict[str, str]
) -> None:
    assert stored(sqlite_engine, clock, synonyms) == living


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


def test_a_question_has_each_living_tag_once() -> None:
    assert relabel(("new", "old", "r"), {"old": "new"}) == ("new", "r")


def test_a_living_tag_is_as_probable_as_the_likeliest_of_those_it_stands_for() -> None:
    found = relabel_probabilities({"old": 0.75, "r": 0.5, "new": 0.25}, {"old": "new"})
    assert found == {"new": 0.75, "r": 0.5}
