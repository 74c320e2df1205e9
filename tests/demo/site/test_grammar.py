"""Articles, capitals and slots of made-up sentences."""

import re
from random import Random

import pytest

from demo.site.grammar import capitalise, expand, with_article


@pytest.mark.parametrize(
    ("noun", "expected"),
    [("hive", "a hive"), ("agent", "an agent"), ("hour", "an hour"), ("unit", "a unit")],
)
def test_nouns_get_the_article_they_sound_like(noun: str, expected: str) -> None:
    assert with_article(noun) == expected


def test_capitals_leave_the_rest_of_a_text_alone() -> None:
    assert capitalise("pH of R") == "PH of R"


def test_choices_settle_and_what_is_drawn_once_stays() -> None:
    slots = {"unit": "agent"}
    text = expand("«A unit» «saw|met» «n=3..9» of «n=3..9»: «1.20..1.30»", slots, Random(1))
    found = re.fullmatch(r"An agent (saw|met) (\d) of (\d): 1\.[23]\d", text)
    assert found
    assert found[2] == found[3]


def test_unknown_slots_are_refused() -> None:
    with pytest.raises(KeyError, match="beehive"):
        expand("«beehive»", {}, Random(1))
