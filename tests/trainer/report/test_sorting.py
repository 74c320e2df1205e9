"""The table by tag in a real browser: the page's own script runs there, and sorts."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.report.made_up_report import EVIL, made_up_report
from trainer.report.page import to_html

pytestmark = pytest.mark.browser


class Browser:
    """A headless Chromium with one page, driven by the DevTools protocol over two pipes."""

    def __init__(self, chromium: str, profile: Path) -> None:
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        redirected = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'  # where it looks for them
        self._process = subprocess.Popen(
            ["bash", "-c", redirected, "-", chromium, *options, "--remote-debugging-pipe"],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._number, self._rest, self._session = 0, b"", None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        return dict(answer["result"])

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = os.read(self._read, 1 << 16)
            assert chunk, "the browser is gone"
            self._rest += chunk
        message, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(message))

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, path: Path) -> None:
        """Load a file, and wait until it is there."""
        self.call("Page.navigate", url=path.as_uri())
        ready = f"location.href === {json.dumps(path.as_uri())} && document.readyState"
        while self.evaluate(ready) != "complete":
            pass

    def press(self, key: str, text: str = "") -> None:
        """Press a key on what has the focus."""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def end(self) -> None:
        """Let the browser go."""
        self._process.terminate()
        self._process.wait()
        os.close(self._read)
        os.close(self._write)


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


def test_a_click_sorts_by_number_and_a_second_one_turns_it_round(browser: Browser) -> None:
    assert click(browser, 2) == "descending"
    largest_first = [int(number) for number in column(browser, 2)]
    assert largest_first == sorted(largest_first, reverse=True)
    assert click(browser, 2) == "ascending"
    assert [int(number) for number in column(browser, 2)] == sorted(largest_first)


def test_tags_are_sorted_as_words_from_a_on(browser: Browser) -> None:
    assert click(browser, 0) == "ascending"
    words = [tag for tag in column(browser, 0) if tag[0].isalpha()]
    assert words == sorted(words)
    sorted_columns = "document.querySelectorAll('table.sortable [aria-sort]').length"
    assert browser.evaluate(sorted_columns) == 1


def test_a_heading_is_reached_and_pressed_with_the_keyboard(browser: Browser) -> None:
    click(browser, 0)
    heads = "document.querySelector('table.sortable').tHead.rows[0].cells"
    browser.evaluate(f"{heads}[0].firstChild.focus()")
    browser.press("Tab")
    browser.press("Enter", "\r")
    assert browser.evaluate(f"{heads}[1].getAttribute('aria-sort')") == "descending"


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
