import base64
import hashlib
import re

import pytest
from bs4 import BeautifulSoup, Tag
from jinja2 import UndefinedError

from trainer.report.rendering import read_file, render


def policy(html: str) -> dict[str, str]:
    """What the page's policy says of each kind of content."""
    found = BeautifulSoup(html, "lxml").find("meta", attrs={"http-equiv": True})
    assert isinstance(found, Tag)
    rules = (rule.strip().partition(" ") for rule in str(found["content"]).split(";"))
    return {kind: source for kind, _, source in rules}


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_only_the_pages_own_style_and_script_are_let_in() -> None:
    html = render("page.html", title="x", script="let é = 1 < 2 && '';")
    style, script = (
        re.findall(f"<{kind}>(.*?)</{kind}>", html, re.DOTALL) for kind in ("style", "script")
    )
    assert style == [read_file("page.css")]
    assert script == ["let é = 1 < 2 && '';"]
    rules = policy(html)
    assert rules["style-src"] == digest(style[0])
    assert rules["script-src"] == digest(script[0])
    assert rules["default-src"] == "'none'"


def test_a_page_without_a_script_runs_none() -> None:
    html = render("page.html", title="x")
    assert policy(html)["script-src"] == "'none'"
    assert "<script" not in html


def test_a_title_is_escaped() -> None:
    html = render("page.html", title='a <b> "c"')
    assert not re.search("<b>", html)
    assert html.count("a &lt;b&gt;") == 2
    heading = BeautifulSoup(html, "lxml").h1
    assert heading is not None
    assert heading.get_text() == 'a <b> "c"'


def test_what_a_template_is_not_given_is_an_error_and_no_gap() -> None:
    with pytest.raises(UndefinedError, match="record"):
        render("run.html", title="x")


def test_a_page_begins_with_its_doctype_and_ends_with_a_line() -> None:
    html = render("page.html", title="x")
    assert html.startswith("<!doctype html>\n<html lang")
    assert html.endswith("</html>\n")
