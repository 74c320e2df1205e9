"""Pictures of the web page: the two of the README, or every page at every size.

python -m benchmarks.screenshots                 # docs/images/
python -m benchmarks.screenshots --all pictures  # every page, desktop and phone, light and dark
"""

import argparse
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page

from core.database.engine import make_engine
from core.database.migrate import upgrade
from review.web.context import NAVIGATION
from tests.review.browsing import DESKTOP, PHONE, Service, chromium
from tests.review.operated import operate
from tests.review.sample import fill

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZES = {"desktop": DESKTOP, "phone": PHONE}
NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="take every page, into a folder")
    folder = parser.parse_args().all
    with serving(operated=folder is not None) as service, chromium() as browser:
        if folder is None:
            IMAGES.mkdir(parents=True, exist_ok=True)
            take(
                browser, service, "/review?order=newest", "desktop", "light", IMAGES / "review.png"
            )
            take(browser, service, "/review?order=newest", "phone", "dark", IMAGES / "phone.png")
            return
        folder.mkdir(parents=True, exist_ok=True)
        decide(browser, service)
        pages = [address for address, _ in NAVIGATION] + [
            "/login",
            "/bulk?site=stats&tag=regression",
        ]
        for address, size, scheme in itertools.product(pages, SIZES, ("light", "dark")):
            name = address.strip("/").split("?")[0]
            take(browser, service, address, size, scheme, folder / f"{name}-{size}-{scheme}.png")


@contextmanager
def serving(*, operated: bool = False) -> Iterator[Service]:
    """The page, with a few hundred questions to review.

    Args:
        operated: whether the service has run until now, so that an operator's pages show something.
    """
    now = datetime.now(UTC) if operated else NOW
    with tempfile.TemporaryDirectory() as name:
        engine = make_engine(f"sqlite:///{Path(name) / 'tagger.sqlite3'}")
        upgrade(engine)
        fill(engine, now=now, questions=300)
        if operated:
            operate(engine, now=now)
        engine.dispose()
        with Service(Path(name)) as service:
            yield service


def decide(browser: Browser, service: Service) -> None:
    """Review some questions, so that the history shows something."""
    page = browser.new_page()
    page.goto(service.link)
    page.goto(f"{service.address}/review?order=newest")
    for key in "aaasa":
        settle(page)
        page.keyboard.press(key)
    settle(page)
    page.close()


def take(
    browser: Browser, service: Service, address: str, size: str, scheme: str, file: Path
) -> None:
    """Take one picture of a page, logged in unless it is the login page itself."""
    phone = size == "phone"
    context = browser.new_context(
        viewport=SIZES[size],
        color_scheme=scheme,
        has_touch=phone,
        is_mobile=phone,
        device_scale_factor=2 if phone else 1,
        reduced_motion="reduce",
    )
    page = context.new_page()
    if address != "/login":
        page.goto(service.link)
    page.goto(f"{service.address}{address}")
    settle(page)
    page.screenshot(path=file)
    print(file)
    context.close()


def settle(page: Page) -> None:
    """Wait until a page stands as its reader finds it."""
    page.wait_for_load_state("networkidle")
    if page.locator("#stage").count():
        page.locator("#stage").wait_for(state="visible")
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    if page.locator("#bulk").count():
        page.get_by_role("button", name="Preview").click()
        page.locator("#preview").wait_for(state="visible")


if __name__ == "__main__":
    main()
