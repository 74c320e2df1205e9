"""A headless Chromium before the real service, for tests and for pictures."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)
from sqlalchemy import Engine

from core.database.engine import make_engine
from review.web.access import make_token, set_token
from tests.conftest import ManualClock, free_port
from tests.processes import ROOT, kill_group, wait_until

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
DESKTOP = {"width": 1360, "height": 850}
PHONE = {"width": 390, "height": 844}


def has_chromium() -> bool:
    return Path(CHROMIUM).exists()


IN_BROWSER = [
    pytest.mark.browser,
    pytest.mark.slow(5),
    pytest.mark.skipif(not has_chromium(), reason="there is no Chromium on this machine"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


class Service:
    """`tagger review` in a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.engine: Engine = make_engine(f"sqlite:///{folder / 'tagger.sqlite3'}")
        self._log = folder / "review.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        self.engine.dispose()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        others = {name: value for name, value in os.environ.items() if "TAGGER_" not in name}
        env = {
            **others,
            "PYTHONPATH": str(ROOT),
            "TAGGER_DATA_DIR": str(self.folder),
            "TAGGER_REVIEW_PORT": str(self.port),
        }
        command = [sys.executable, "-m", "tagger", "review"]
        with self._log.open("wb") as lines:
            self._process = subprocess.Popen(
                command,
                env=env,
                cwd=self.folder,
                stdout=lines,
                stderr=lines,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        wait_until(lambda: "token=" in self._log.read_text(), seconds=60, what="the page is up")

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        kill_group(self._process)
        self._process = None

    @property
    def link(self) -> str:
        """The link that logs the owner in, as the service prints it."""
        found = re.search(r"http://\S+token=\S+", self._log.read_text())
        assert found
        return found[0]

    def link_of(self, reviewer: str) -> str:
        """A link that logs a reviewer in, who is added."""
        token = make_token()
        with self.engine.begin() as connection:
            set_token(connection, reviewer, token, now=ManualClock().now())
        return f"{self.address}/login?token={token}"


@dataclass
class Watched:
    """A page, and all that it must not do."""

    page: Page
    address: str
    expects: tuple[str, ...] = ()  # parts of console lines that a test brings about
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("console", self._console)
        self.page.on("request", self._request)

    def _console(self, line: ConsoleMessage) -> None:
        is_expected = any(part in line.text for part in self.expects)
        if line.type in ("error", "warning") and not is_expected:
            self.problems.append(f"console: {line.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.problems.append(f"request: {request.url}")


def open_page(
    context: BrowserContext, service: Service, link: str, *, expects: tuple[str, ...] = ()
) -> Watched:
    """A page that is logged in, with a question on it."""
    watched = Watched(context.new_page(), service.address, expects)
    watched.page.goto(link)
    watched.page.locator("#stage").wait_for(state="visible")
    return watched
