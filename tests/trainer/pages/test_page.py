import base64
import hashlib
import re

from bs4 import BeautifulSoup, Tag

from trainer.pages.page import page, picture


def policy(html: str) -> dict[str, str]:
    """What the page's policy says of each kind of content."""
    found = BeautifulSoup(html, "lxml").find("meta", attrs={"http-equiv": True})
    assert isinstance(found, Tag)
    rules = (rule.strip().partition(" ") for rule in str(found["content"]).split(";"))
    return {kind: source for kind, _, source in rules}


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_only_the_pages_own_style_and_script_are_let_in() -> None:
    html = page("x", [], script="let é = 1;")
    style, script = (
        re.findall(f"<{kind}>(.*?)</{kind}>", html, re.DOTALL) for kind in ("style", "script")
    )
    rules = policy(html)
    assert rules["style-src"] == digest(style[0])
    assert rules["script-src"] == digest(script[0])
    assert rules["default-src"] == "'none'"


def test_a_page_without_a_script_runs_none() -> None:
    html = page("x", ["<p>y</p>"])
    assert policy(html)["script-src"] == "'none'"
    assert "<script" not in html


def test_titles_and_notes_are_escaped() -> None:
    html = page("a <b>", [picture("c <d>", "<svg/>", "e <f>")])
    assert not re.search("<[bdf]>", html)
    assert html.count("a &lt;b&gt;") == 2
    found = BeautifulSoup(html, "lxml").img
    assert found is not None
    assert found["alt"] == "c <d>"
