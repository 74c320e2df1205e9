"""Strangers' text."""

from review.render.plain_text import clean_text


def test_ordinary_text_of_any_language_stays() -> None:
    for text in ("a\tb\nc", "naïve Ελληνικά עברית 日本語 👩‍👩‍👧", "e\u0301"):
        assert clean_text(text) == text


def test_control_characters_and_turned_directions_go() -> None:
    assert clean_text("a\x00b\x1bc\u202ed\u2066e") == "abcde"


def test_lone_surrogates_are_replaced() -> None:
    assert clean_text("a\ud800b") == "a\ufffdb"


def test_marks_do_not_pile_up() -> None:
    assert len(clean_text("Z" + "\u0301" * 100)) == 7


def test_lines_end_in_line_feeds() -> None:
    assert clean_text("a\rb") == "a\nb"
