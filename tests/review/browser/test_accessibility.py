"""Every page before axe, on a desktop and a phone, light and dark; no page can be left out."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from core.database.engine import reading
from core.database.tables import Question, QuestionTag
from review.web.app import PAGES
from tests.review.browsing import DESKTOP, IN_BROWSER, PHONE, Service, open_page
from tests.review.operated import operate
from tests.trainer.report.made_up_report import made_up_report
from trainer.report.page import to_html

pytestmark = IN_BROWSER

NO_PAGES = {"/feeds/{kind}.atom"}  # for programs

# The routes of the pages, each with addresses that show what it can show.
SHOWN = {
    "/login": ("/login",),
    "/review": ("/review", "/review?order=conflicts"),
    "/history": ("/history",),
    "/bulk": ("/bulk?site=stats&tag=regression",),
    "/browse": ("/browse", "/browse?q=nothing-is-called-so", "/browse?tag=regression"),
    "/browse/{site}/{question_id}": ("/browse/stats/{question}",),
    "/tags": ("/tags?site=stats", "/tags?site=cooking"),
    "/tags/{site}/{tag:path}": ("/tags/stats/{tag}",),
    "/models": ("/models?site=stats", "/models?site=cooking"),
    "/service": ("/service?site=stats", "/service?site=cooking"),
    "/webhooks": ("/webhooks", "/webhooks?deleted=9&tag=anova"),
    "/service/runs/{run}": ("/service/runs/{run}",),
    "/service/runs/{run}/report": ("/service/runs/{run}/report",),
    "/none-such": ("/none-such",),  # the page of errors, which no route is
}
EXPECTED = ("status of 404", "status of 422")


def test_every_page_is_shown_to_axe() -> None:
    pages = {
        route.path  # type: ignore[attr-defined]
        for router in PAGES
        for route in router.routes
        if "GET" in route.methods  # type: ignore[attr-defined]
    }
    assert pages - NO_PAGES == set(SHOWN) - {"/none-such"}


@pytest.fixture(scope="module")
def keys(service: Service) -> dict[str, object]:
    """What addresses name, of a service with something on each of its pages."""
    report = to_html(made_up_report())
    run = operate(service.engine, now=datetime.now(UTC), report=report)
    with reading(service.engine) as connection:
        question = connection.scalar(select(Question.question_id).order_by(Question.id.desc()))
        tag = connection.scalar(select(QuestionTag.tag).where(QuestionTag.site == "stats"))
    return {"run": run, "question": question, "tag": tag}


LOOKS = [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")]
NAMES = ["desktop-light", "desktop-dark", "phone-light", "phone-dark"]
# A dark page is the light one in other colours.
RULES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}


@pytest.mark.slow(30)
@pytest.mark.parametrize(("size", "scheme"), LOOKS, ids=NAMES)
def test_a_screen_reader_can_use_every_page(
    browser: Browser, service: Service, keys: dict[str, object], scheme: Any, size: Any
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{service.address}/login")
    rules = RULES[scheme]
    findings = axe(page, rules)
    watched = open_page(context, service, service.link, expects=EXPECTED)
    for template, addresses in SHOWN.items():
        opened = OPENED.get(template, at_once)
        for address in (one.format(**keys) for one in addresses):
            show(watched.page, f"{service.address}{address}")
            for _ in opened(watched.page):
                findings += axe(watched.page, rules)
            opened = at_once  # what opens looks alike at each address
    assert findings == []
    assert watched.problems == []
    context.close()


def show(page: Page, address: str) -> None:
    """Go to a page, which looks again by itself until nothing is awaited for it."""
    page.goto(address)
    expect(page.locator('script[src*="again"]')).to_have_count(0, timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_be_visible()  # a script's pages come in steps


def at_once(_: Page) -> Iterator[None]:
    """A page that stands as it comes."""
    yield


def opened_review(page: Page) -> Iterator[None]:
    page.locator("#stage").wait_for(state="visible")
    yield
    page.keyboard.press("/")
    page.keyboard.type("b")
    expect(page.locator("#completions li").first).to_be_visible()
    yield
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    yield


def opened_bulk(page: Page) -> Iterator[None]:
    yield
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#count")).to_contain_text("questions")
    yield
    page.get_by_role("button", name="Accept regression on").click()
    expect(page.locator("#done")).to_contain_text("accepted on")
    yield
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#done")).to_contain_text("Taken back")
    yield


def opened_webhooks(page: Page) -> Iterator[None]:
    yield from opened_details(page)
    page.get_by_label("Address", exact=True).fill("http://127.0.0.1:1/")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#secret")).to_be_visible()
    yield
    page.get_by_label("Address", exact=True).fill("ftp://host/")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("begins with")
    yield
    page.get_by_role("button", name="Send a test event").last.click()
    expect(page.get_by_role("alert")).to_contain_text("has not confirmed")
    yield


def opened_details(page: Page) -> Iterator[None]:
    yield
    page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
    yield


# What opens on a page, step by step.
OPENED: dict[str, Callable[[Page], Iterator[None]]] = {
    "/review": opened_review,
    "/bulk": opened_bulk,
    "/browse": opened_details,
    "/service": opened_details,
    "/webhooks": opened_webhooks,
    "/tags/{site}/{tag:path}": opened_details,
}


def axe(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe finds on a page: its rule and the element."""
    package: Any = import_module("axe_playwright_python.sync_playwright")  # it carries no types
    results = package.Axe().run(page, options=options).response["violations"]
    return [
        f"{page.url} {finding['id']}: {node['html'][:150]}"
        for finding in results
        for node in finding["nodes"]
    ]
