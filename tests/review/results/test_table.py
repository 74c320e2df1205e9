"""Results on a terminal: narrow, clickable where it can be, and steered by nobody."""

import re
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len

from core import console
from review.results.find import Result, ResultTag
from review.results.table import show_table
from tests.review.results.made_up_result import result

LINK = "\x1b]8;"


def shown(*results: Result, width: int = 60, terminal: bool = True, **options: Any) -> str:
    file = StringIO()
    color: Any = "standard" if terminal else None
    screen = type(console.out)(
        file=file, force_terminal=terminal, color_system=color, width=width, legacy_windows=False
    )
    assert show_table(results, screen, with_sites=False, **options) == len(results)
    return file.getvalue()


def plain(text: str) -> str:
    return re.sub(r"\x1b(?:\[[\d;]*m|\]8;[^\x1b]*\x1b\\)", "", text)


def test_a_question_is_shown_with_number_day_tags_and_probabilities() -> None:
    lines = [line.split() for line in plain(shown(result(650123))).splitlines()]
    assert lines[1] == ["650123", "A", "title", "c++", "0.90"]
    assert lines[2] == ["2026-01-01", "c++", "anova"]


@pytest.mark.parametrize("width", [60, 80])
def test_the_columns_fit_the_terminal(width: int) -> None:
    long = ResultTag("a-tag-of-thirty-five-letters-at-most", 0.5, suggested=True)
    text = plain(shown(result(123456789, "How? " * 40, tags=(long,)), width=width))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    assert "a-tag-of-thirty-five-let" in text  # which goes on below
    assert "ters-at-most" in text
    assert "0.50" in text


def test_probabilities_stand_below_each_other_whatever_is_written() -> None:
    tags = [ResultTag(tag, 0.5, suggested=True) for tag in ("r", "機械学習", "c++")]
    lines = plain(shown(result(1, tags=tuple(tags)))).splitlines()
    ends = {cell_len(line.rstrip()) for line in lines if "0.50" in line}
    assert ends == {60}


def test_links_are_clickable_in_terminals_and_written_out_elsewhere() -> None:
    link = "https://stats.stackexchange.com/q/1"
    on_screen = shown(result(1))
    assert LINK in on_screen
    assert link in on_screen
    assert link not in plain(on_screen)
    assert link in shown(result(1), terminal=False).splitlines()


@pytest.mark.parametrize("link", [None, "file:///etc/passwd", "javascript:alert()"])
def test_addresses_of_another_kind_are_no_links(link: str | None) -> None:
    assert LINK not in shown(result(1, link=link))


def test_bold_is_explained_only_where_something_is() -> None:
    explained = "Bold: the author chose the tag too."
    assert explained in shown(result(1))
    assert explained not in shown(result(1, author_tags=("anova",)))
    assert explained not in shown(result(1), terminal=False)


def test_a_strangers_text_steers_nothing() -> None:
    steering = "x\x1b[2Jy\x9bz\u202e\x07[red]"
    text = plain(
        shown(
            result(
                1,
                steering,
                link=f"https://{steering}",
                author_tags=(steering,),
                tags=(ResultTag(steering, 0.5, suggested=True),),
            )
        )
    )
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "[red]" in text


def test_questions_without_a_suggestion_say_so() -> None:
    assert "none" in plain(shown(result(1, tags=())))
