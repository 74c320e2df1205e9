"""The report: one file, with nothing in it that a stranger could have slipped in."""

import base64
import re

import pytest
from bs4 import BeautifulSoup

from tests.trainer.compare.made_up_comparison import EVIL, EVIL_TAG, made_up_comparison
from trainer.compare.report import to_html


def pictures(html: str) -> dict[str, str]:
    """The SVGs by their titles."""
    found: dict[str, str] = {}
    for image in BeautifulSoup(html, "lxml")("img"):
        kind, _, data = str(image["src"]).partition("base64,")
        assert kind == "data:image/svg+xml;"
        title = str(image["alt"]).partition(":")[0]
        found[title] = found.get(title, "") + base64.b64decode(data).decode()
    return found


@pytest.mark.slow
def test_it_needs_nothing_from_elsewhere() -> None:
    html = to_html(made_up_comparison())
    page = BeautifulSoup(html, "lxml")
    assert not page(["script", "link", "iframe"])
    assert not re.findall(r"(?:src|href)=\"(?!data:)", html)


@pytest.mark.slow
def test_what_strangers_wrote_is_text_and_nothing_else() -> None:
    html = to_html(made_up_comparison())
    assert EVIL not in html
    page = BeautifulSoup(html, "lxml")
    quote = page.blockquote
    assert quote is not None
    assert EVIL in quote.get_text()
    assert EVIL_TAG in [tag.get_text() for tag in page(class_="tag")]
    assert f"it failed, {EVIL}" in [cell.get_text() for cell in page(class_="error")]


@pytest.mark.slow
def test_it_has_the_articles_pictures_and_those_of_the_systems() -> None:
    found = pictures(to_html(made_up_comparison()))
    assert list(found) == [
        "Precision@1 with its interval",
        "Questions of each tag",
        "The most and the least frequent tags that are learned",
        "Class weights against counts",
        "Learning curves",
        "F1 of each tag against its frequency",
        "Reliability",
    ]
    assert "mathdefault" not in "".join(found.values())
    tags = found["The most and the least frequent tags that are learned"]
    assert "$\\frac$&lt;b&gt;" in tags


@pytest.mark.slow
def test_the_worked_question_has_two_models_and_their_weighted_mean() -> None:
    comparison = made_up_comparison()
    table = BeautifulSoup(to_html(comparison), "lxml").find("table", class_="example")
    assert table is not None
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]
    assert rows[0] == ["tag", "conv1d", "simple", "(2 · conv1d + simple) / 3"]
    for _, conv1d, simple, mean in rows[1:]:
        assert abs((2 * float(conv1d) + float(simple)) / 3 - float(mean)) < 0.0011


@pytest.mark.slow
def test_the_best_of_a_column_is_bold() -> None:
    table = BeautifulSoup(to_html(made_up_comparison()), "lxml").table
    assert table is not None
    conv1d, _, simple = table("tr")[1:]
    assert len(conv1d("b")) > len(simple("b"))


def test_class_weights_are_drawn_where_a_system_has_them() -> None:
    comparison = made_up_comparison()
    comparison.class_weights = False
    comparison.rows = comparison.rows[1:2]  # no system's pictures
    assert "Class weights against counts" not in to_html(comparison)


def test_where_every_system_failed_there_is_still_a_report() -> None:
    comparison = made_up_comparison()
    comparison.rows = [row for row in comparison.rows if row.result is None]
    assert "broken" in to_html(comparison)
