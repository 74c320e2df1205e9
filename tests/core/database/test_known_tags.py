"""Tags that no question has are refused, with what may have been meant."""

import pytest
from sqlalchemy import Engine

from core.database.engine import reading
from core.database.known_tags import find_tag, known_tags, spell_tag
from core.errors import UnknownTag
from tests.conftest import ManualClock
from tests.rows import question, store_questions


@pytest.fixture
def tags(engine: Engine, clock: ManualClock) -> Engine:
    """Questions of two sites, one of which writes its tags as it likes."""
    store_questions(
        engine,
        question(1, author_tags=("regression", "t-test")),
        question(2, author_tags=("regression", "c++")),
        question(3, site="forum", author_tags=("Weather Forecast", "pumps")),
        now=clock.now(),
    )
    return engine


@pytest.mark.parametrize(
    ("given", "tag"),
    [
        ("regression", "regression"),
        ("Regression", "regression"),
        (" T test ", "t-test"),
        ("C++", "c++"),
        ("Weather Forecast", "Weather Forecast"),
    ],
)
def test_a_tag_is_found_however_it_is_written(tags: Engine, given: str, tag: str) -> None:
    with reading(tags) as connection:
        assert find_tag(connection, given) == spell_tag(connection, given) == tag


@pytest.mark.parametrize("given", ["regresion", "regressions", "Regresson"])
def test_a_tag_of_no_question_is_refused_with_the_near_ones(tags: Engine, given: str) -> None:
    with (
        reading(tags) as connection,
        pytest.raises(UnknownTag, match=f"tag '{given}' .near matches: regression.*"),
    ):
        find_tag(connection, given)


@pytest.mark.parametrize("given", ["", "zzzz"])
def test_a_tag_like_no_other_is_refused_without_a_guess(tags: Engine, given: str) -> None:
    with reading(tags) as connection, pytest.raises(UnknownTag, match=f"the tag '{given}'[.]"):
        find_tag(connection, given)
    with reading(tags) as connection:
        assert spell_tag(connection, given) == given


def test_tags_of_other_sites_are_not_those_of_one(tags: Engine) -> None:
    with reading(tags) as connection:
        assert find_tag(connection, "pumps", sites=["stats", "forum"]) == "pumps"
        with pytest.raises(UnknownTag):
            find_tag(connection, "pumps", sites=["stats"])


def test_each_tag_is_looked_up_once_however_many_questions_have_it(tags: Engine) -> None:
    with reading(tags) as connection:
        assert sorted(known_tags(connection, ["stats"])) == ["c++", "regression", "t-test"]
        assert list(known_tags(connection, [])) == []
