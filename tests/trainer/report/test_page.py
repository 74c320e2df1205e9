"""A run's page: what it tells, and that nothing of a stranger's runs or is fetched in it."""

import base64
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from bs4 import BeautifulSoup, Tag

from tests.browser import Browser
from tests.trainer.report.made_up_report import (
    EVIL,
    EVIL_TAG,
    failed_report,
    made_up_data,
    made_up_epochs,
    made_up_report,
)
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.report.page import summary, to_html
from trainer.scoring.metrics import Scores


@pytest.fixture(scope="module")
def html() -> str:
    return to_html(made_up_report())


@pytest.fixture(scope="module")
def page(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "lxml")


def headings(page: BeautifulSoup) -> list[str]:
    return [heading.get_text() for heading in page("h2")]


def table(page: BeautifulSoup, first_head: str) -> list[list[str]]:
    """The texts of the cells of the table whose first column is headed so."""
    for found in page("table"):
        rows = [[cell.get_text(" ") for cell in row(["th", "td"])] for row in found("tr")]
        if rows[0][0] == first_head:
            return rows
    raise AssertionError(f"no table {first_head}")


def test_everything_about_the_run_has_its_section(page: BeautifulSoup) -> None:
    assert headings(page) == [
        "Lead of the candidate",
        "All metrics: candidate, live, baseline",
        "Precision and recall",
        "By tag",
        "Reliability",
        "Best predictions",
        "Worst predictions",
        "Learning curves",
        "Tag frequencies",
        "The most and the least frequent tags that are learned",
        "Hyperparameters",
    ]
    assert len(page("img")) == 9
    assert len({str(image["alt"]) for image in page("img")}) == 9


@pytest.mark.parametrize("used", [True, False])
def test_class_weights_are_drawn_where_they_were_used(used: bool) -> None:
    record = replace(failed_report(), hyperparameters={"class_weights": used})
    assert (
        "Class weights against counts" in headings(BeautifulSoup(to_html(record), "lxml"))
    ) is used


def test_hyperparameters_are_listed_and_those_that_somebody_chose_are_marked() -> None:
    chosen = {"learning_rate": 0.001, "class_weights": False, "epochs": 3}
    record = replace(failed_report(), data=None, hyperparameters=chosen)
    page = BeautifulSoup(to_html(record), "lxml")
    assert [row.get_text(" ", strip=True) for row in page.select(".columns .own")] == ["epochs 3"]
    assert len(page.select(".columns dt")) == 3
    assert "epochs 3" in [fact.get_text() for fact in page.select("dl:not(.columns) dd")]


def test_the_first_words_say_what_happened_and_why(page: BeautifulSoup) -> None:
    first = page.find("p")
    assert isinstance(first, Tag)
    assert first["class"] == ["outcome", "promoted"]
    report = made_up_report()
    assert report.decision is not None
    assert first.get_text() == f"Version 4 (conv1d) went live: {report.decision.reason}."


def test_a_version_that_is_kept_back_is_not_said_to_be_live() -> None:
    kept = replace(made_up_report(), outcome="published", decision=None)
    assert summary(kept) == "Version 4 (conv1d) is kept and not live."


def test_it_needs_nothing_from_elsewhere(html: str, page: BeautifulSoup) -> None:
    assert not page(["link", "iframe", "object", "base"])
    assert not re.findall(r"src=\"(?!data:image/svg\+xml;base64,)", html)
    assert [a["href"] for a in page("a")] == ["https://fruit.example/q/1"]
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert isinstance(policy, Tag)
    assert "default-src 'none'" in str(policy["content"])
    assert "unsafe" not in str(policy["content"])


def test_what_strangers_wrote_is_text_and_nothing_else(html: str, page: BeautifulSoup) -> None:
    assert EVIL not in html
    assert len(page("script")) == 1
    assert f"Why {EVIL}?" in [title.get_text() for title in page("h3")]
    assert EVIL_TAG in [row[0] for row in table(page, "tag")]
    assert f"live {EVIL}" in table(page, "metric")[0][2]
    assert page.find(["b", "frac"], string=re.compile("frac")) is None


def test_pictures_show_a_strangers_tag_as_it_is(page: BeautifulSoup) -> None:
    pictures = [str(image["src"]).partition("base64,")[2] for image in page("img")]
    drawn = "".join(base64.b64decode(picture).decode() for picture in pictures)
    assert "$\\frac$&lt;b&gt;" in drawn
    assert "mathdefault" not in drawn


def test_a_link_that_is_not_to_the_web_is_none(page: BeautifulSoup) -> None:
    titles = {title.get_text(): title.a for title in page("h3")}
    assert titles["Which apple?"] is not None
    assert titles[f"Why {EVIL}?"] is None


def test_the_candidate_stands_beside_the_live_version_and_the_baseline(
    page: BeautifulSoup,
) -> None:
    report = made_up_report()
    assert report.decision is not None
    assert report.decision.against_live is not None
    leads = table(page, "against the")
    assert [row[0] for row in leads[1:]] == [
        "live version",
        "linear baseline",
        "most frequent tags",
    ]
    assert leads[1][1] == f"{report.decision.against_live.candidate:.4f}"
    metrics = table(page, "metric")
    assert [head.split()[0] for head in metrics[0][1:]] == ["candidate", "live", "baseline"]
    (first,) = (row for row in metrics if row[0].startswith("precision@1 (known tags)"))
    shown = [float(cell.split()[0]) for cell in first[1:]]
    assert shown == sorted(shown, reverse=True)


def test_the_chosen_calibration_is_marked(page: BeautifulSoup) -> None:
    rows = table(page, "calibration")
    assert rows[1] == ["as the network gives them", "0.30000", "0.03000"]
    assert [row.th.get_text() for row in page("tr", class_="own") if row.th] == ["isotonic"]


def test_a_failed_run_has_a_page_with_its_error_and_what_was_known() -> None:
    page = BeautifulSoup(to_html(failed_report()), "lxml")
    first = page.find("p")
    assert isinstance(first, Tag)
    assert first["class"] == ["outcome", "failed"]
    assert EVIL in first.get_text()
    assert headings(page)[0] == "Tag frequencies"


def test_a_run_that_failed_for_want_of_packages_has_its_page_without_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for package in ("matplotlib", "sklearn", "keras", "tensorflow"):
        monkeypatch.setitem(sys.modules, package, None)
    page = BeautifulSoup(to_html(replace(failed_report(), data=None)), "lxml")
    assert headings(page) == []
    assert "It did not learn" in page.get_text()


def test_epochs_without_a_validation_part_can_be_drawn() -> None:
    nan = float("nan")
    epochs = [replace(e, val_loss=nan, val_precision_at_1=nan) for e in made_up_epochs(2)]
    page = to_html(replace(failed_report(), data=None, epochs=(*epochs, *made_up_epochs(2))))
    assert headings(BeautifulSoup(page, "lxml")) == ["Learning curves"]


@pytest.mark.slow
def test_the_table_by_tag_has_numbers_to_sort_by_and_words_to_read() -> None:
    targets = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], np.uint8)
    probabilities = np.array([[0.9, 0.1, 0.1]] * 3 + [[0.1, 0.1, 0.1]])
    labels = ("common", "rare", "<unseen>")
    scores = Scores(targets, probabilities, np.array([0.5, 0.5, 2.0]))
    candidate = EvaluatedModel(name="candidate", description="", labels=labels, scores=scores)
    counts = dict.fromkeys(labels, 1)
    trained = np.array([[1, 0, 1], [1, 1, 1], [1, 0, 0]], np.uint8)
    data = replace(made_up_data(), labels=labels, tag_counts=counts, targets=trained)
    html = to_html(replace(failed_report(), evaluated_models=(candidate,), data=data))
    assert '<th scope="row">common</th><td data-value="3">3</td><td data-value="2">2</td>' in html
    assert '<td data-value="0.666667">0.667</td>' in html
    assert '<td data-value="">&ndash;</td>' in html  # it comes last, whichever way one sorts
    assert '<th scope="row">&lt;unseen&gt;</th>' in html
    assert '<td data-value="2">never</td>' in html
    page = BeautifulSoup(html, "lxml")
    assert len(page.select("[aria-sort]")) == 1
    words = " ".join(page.get_text().split())
    assert "2 of 3 tags reach their threshold on none of them, 1 occur in none" in words


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium is installed here")
    browser = Browser(found, tmp_path_factory.mktemp("profile"))
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(to_html(made_up_report()), encoding="utf-8")
    browser.open(path)
    yield browser
    browser.end()


def column(browser: Browser, place: int) -> list[str]:
    rows = "[...document.querySelector('table.sortable').tBodies[0].rows]"
    return list(browser.evaluate(f"{rows}.map((row) => row.cells[{place}].textContent)"))


def click(browser: Browser, place: int) -> str:
    """Click on a heading and return how the column is said to be sorted then."""
    heads = "document.querySelector('table.sortable').tHead.rows[0].cells"
    browser.evaluate(f"{heads}[{place}].firstChild.click()")
    return str(browser.evaluate(f"{heads}[{place}].getAttribute('aria-sort')"))


@pytest.mark.browser
def test_a_click_sorts_by_number_and_a_second_one_turns_it_round(browser: Browser) -> None:
    assert click(browser, 2) == "descending"
    largest_first = [int(number) for number in column(browser, 2)]
    assert largest_first == sorted(largest_first, reverse=True)
    assert click(browser, 2) == "ascending"
    assert [int(number) for number in column(browser, 2)] == sorted(largest_first)


@pytest.mark.browser
def test_tags_are_sorted_as_words_from_a_on(browser: Browser) -> None:
    assert click(browser, 0) == "ascending"
    words = [tag for tag in column(browser, 0) if tag[0].isalpha()]
    assert words == sorted(words)
    sorted_columns = "document.querySelectorAll('table.sortable [aria-sort]').length"
    assert browser.evaluate(sorted_columns) == 1


@pytest.mark.browser
def test_a_heading_is_reached_and_pressed_with_the_keyboard(browser: Browser) -> None:
    click(browser, 0)
    heads = "document.querySelector('table.sortable').tHead.rows[0].cells"
    browser.evaluate(f"{heads}[0].firstChild.focus()")
    browser.press("Tab")
    browser.press("Enter", "\r")
    assert browser.evaluate(f"{heads}[1].getAttribute('aria-sort')") == "descending"


@pytest.mark.browser
def test_the_pages_policy_lets_its_style_and_pictures_in_and_no_other_script(
    browser: Browser,
) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    assert browser.evaluate(background) == "rgb(246, 248, 250)"
    drawn = "[...document.images].every((image) => image.complete && image.naturalWidth > 0)"
    assert browser.evaluate(drawn)
    browser.evaluate(
        "{ const other = document.createElement('script'); other.textContent = 'window.ran = 1';"
        " document.body.append(other); }"
    )
    assert browser.evaluate("window.ran") is None
    assert EVIL in browser.evaluate("document.body.textContent")
