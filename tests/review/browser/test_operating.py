"""An operator before the browser: exports that hold what the page shows, versions that go live."""

import csv
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pyarrow import parquet
from sqlalchemy import func, select

from core.database.engine import reading
from core.database.review_tables import Webhook
from core.database.tables import Promotion, TaggingRequest
from core.model import registry
from tests.processes import wait_until
from tests.review.browsing import IN_BROWSER, PHONE, Service, open_page
from tests.review.notify.receiver import receiver
from tests.review.operated import operate

pytestmark = IN_BROWSER


def read_csv(file: Path) -> list[dict[str, Any]]:
    """Its rows, with lists where a cell holds several tags."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows: list[dict[str, Any]] = list(csv.DictReader(lines))
    for row in rows:
        row["question_id"] = int(row["question_id"])
        row["author_tags"] = row["author_tags"].split()
        row["suggested"] = row["suggested_tags"].split()
    return rows


def read_json_lines(file: Path) -> list[dict[str, Any]]:
    return with_suggested([json.loads(line) for line in file.read_text("utf-8").splitlines()])


def read_parquet(file: Path) -> list[dict[str, Any]]:
    return with_suggested(parquet.read_table(file).to_pylist())


def with_suggested(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row in rows:
        row["suggested"] = [tag["tag"] for tag in row["tags"] if tag["suggested"]]
    return rows


READERS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    "CSV": read_csv,
    "JSON lines": read_json_lines,
    "Parquet": read_parquet,
}
NAMES = ("question_id", "title", "author_tags", "suggested")


def shown(page: Page) -> list[dict[str, Any]]:
    """The questions that the page shows, on all of its pages."""
    rows: list[dict[str, Any]] = []
    while True:
        rows += page.locator("ol.questions > li").evaluate_all(READ_ROWS)
        older = page.get_by_role("link", name="Older")
        if not older.count():
            return rows
        older.click()
        page.wait_for_load_state()


READ_ROWS = """(all) => all.map((one) => ({
  question_id: Number(one.querySelector(".number").textContent),
  title: one.querySelector(".title").textContent,
  author_tags: [...one.querySelectorAll(".of-author a")].map((tag) => tag.textContent),
  suggested: [...one.querySelectorAll(".of-model .tag")].map((tag) => tag.firstChild.data.trim()),
}))"""


@pytest.mark.parametrize("name", READERS)
def test_an_export_holds_what_the_page_shows(
    page: Page, service: Service, tmp_path: Path, name: str
) -> None:
    page.goto(f"{service.address}/browse")
    page.get_by_label("Tag").fill("regression")
    page.get_by_label("Probability from").fill("0.5")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("Export or follow").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    exported = READERS[name](file)
    expected = shown(page)
    assert 0 < len(expected) < 300  # the filter leaves some out
    assert [{name: row[name] for name in NAMES} for row in exported] == expected
    for row in exported:
        assert row["link"].startswith("https://stats.example/")
        assert row["licence"] == "CC BY-SA 4.0"
        assert row["author"]


def test_the_form_logs_in_and_the_button_signs_out(page: Page, service: Service) -> None:
    token = service.link_of("form").split("token=")[1]
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{service.address}/login")
    page.goto(f"{service.address}/browse")  # shut again
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{service.address}/browse")
    expect(page.locator(".reviewer")).to_have_text("form")


@pytest.fixture(scope="module")
def operated(service: Service) -> None:
    """Version 1 is live, and version 2 waits."""
    operate(service.engine, now=datetime.now(UTC))


def live(service: Service) -> int:
    with reading(service.engine) as connection:
        return registry.get_live(connection, "stats").version


def promotions(service: Service) -> list[str]:
    with reading(service.engine) as connection:
        return list(connection.scalars(select(Promotion.reason).order_by(Promotion.id)))


def pending(service: Service) -> int:
    asked = select(func.count()).where(TaggingRequest.site == "stats")
    with reading(service.engine) as connection:
        return connection.execute(asked).scalar_one()


def show_counts(page: Page, service: Service) -> None:
    """Show the models, with how many questions each choice would tag again."""
    for _ in range(240):  # they are counted beside the page
        page.goto(f"{service.address}/models?site=stats")
        if page.locator("option[value=all]", has_text="300").count():
            return
        page.wait_for_timeout(250)
    raise AssertionError("nothing was counted")


@pytest.mark.usefixtures("operated")
def test_a_version_goes_live_and_back_from_the_page(page: Page, service: Service) -> None:
    before = promotions(service)
    show_counts(page, service)
    expect(page.locator(".model.is-live h2")).to_contain_text("Version 1")
    second = page.locator(".model", has_text="Version 2")
    second.locator("select").select_option("all")
    second.get_by_role("button", name="Make version 2 live").click()
    expect(page.get_by_role("status")).to_contain_text(
        "Version 2 is live. 300 questions are to be tagged again."
    )
    expect(page.locator(".model.is-live h2")).to_contain_text("Version 2")
    assert (live(service), pending(service)) == (2, 300)
    assert promotions(service) == [*before, "hand"]
    back = page.locator("form", has_text="Roll back to version 1")
    back.locator("select").select_option("none")
    back.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("Version 1 is live.")
    expect(page.locator(".model.is-live h2")).to_contain_text("Version 1")
    assert live(service) == 1
    assert promotions(service) == [*before, "hand", "rollback"]


@pytest.mark.usefixtures("operated")
def test_no_version_goes_live_without_the_page_s_own_token(
    context: BrowserContext, page: Page, service: Service
) -> None:
    before = promotions(service)
    address = f"{service.address}/models/stats/2/promote"
    for token in ("", "another"):  # the session's cookie goes with it
        sent = context.request.post(address, form={"csrf_token": token, "retag": "all"})
        assert sent.status == 403
    page.goto(f"{service.address}/models?site=stats")
    page.evaluate("for (const one of document.getElementsByName('csrf_token')) one.value = 'old'")
    page.get_by_role("button", name="Make version 2 live").click()
    expect(page.locator("main")).to_contain_text("This page is out of date")
    prize = f'<form method="post" action="{address}"><button>A prize</button></form>'
    context.route(
        "http://elsewhere.example/",
        lambda route: route.fulfill(body=prize, content_type="text/html"),
    )
    elsewhere = context.new_page()
    elsewhere.goto("http://elsewhere.example/")
    with elsewhere.expect_response(address) as refused:
        elsewhere.get_by_role("button").click()
    assert refused.value.status == 403
    assert promotions(service) == before
    assert live(service) == 1


def test_a_webhook_is_added_tried_and_deleted_by_keyboard(
    context: BrowserContext, page: Page, service: Service
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    with receiver() as state:
        page.goto(f"{service.address}/webhooks")
        page.get_by_label("Address", exact=True).focus()
        page.keyboard.type(f"{state.address}/hook")
        for _ in ("event", "site", "tag"):
            page.keyboard.press("Tab")
        page.keyboard.type("anova")
        page.keyboard.press("Enter")
        secret = page.locator("#secret")
        expect(secret).to_have_text(re.compile("^[0-9a-f]{64}$"))
        page.get_by_role("button", name="Copy the secret").press("Enter")
        expect(page.locator("#copy")).to_have_text("Copied")
        kept = webhooks(service)[-1]
        assert page.evaluate("navigator.clipboard.readText()") == kept.secret
        assert (kept.url, kept.filter) == (
            f"{state.address}/hook",
            {"site": "stats", "tag": "anova"},
        )
        count = len(webhooks(service))
        page.reload()  # neither shows it again nor adds another
        expect(secret).to_have_count(0)
        assert len(webhooks(service)) == count
        one = page.locator(f"#w{kept.id}")
        expect(one).to_contain_text("none within a week")
        one.get_by_role("button", name="Send a test event").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("has confirmed the test event")
        assert [got.path for got in state.received] == ["/hook"]
        one.locator("summary").press("Enter")
        one.get_by_role("button", name="Delete it").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("is deleted")
    assert len(webhooks(service)) == count - 1


def test_a_form_that_is_sent_waits_for_its_answer(page: Page, service: Service) -> None:
    with receiver() as state:
        state.answer = "hang"
        page.goto(f"{service.address}/webhooks")
        page.get_by_label("Address", exact=True).fill(state.address)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("#secret")).to_be_visible()
        page.wait_for_load_state()
        test = page.locator(f"#w{webhooks(service)[-1].id}").get_by_role("button").first
        test.scroll_into_view_if_needed()
        box = test.bounding_box()
        assert box
        for _ in range(2):  # by the mouse: other clicks wait for the answer
            page.mouse.click(box["x"] + 9, box["y"] + 9)
            sleep(0.3)
        wait_until(lambda: bool(state.received), seconds=60, what="the test is sent")
        sleep(1)  # in which a second one would be, too
        assert [json.loads(one.body)["event"] for one in state.received] == ["test"]
        state.ending.set()
        expect(page.get_by_role("alert")).to_contain_text("has not confirmed")


WAITING = """<script type="module" src="/static/again.js"></script>
<select><option>One</option></select><form action="/sent" method="post"></form>"""
CHOOSING = f"{WAITING}<script>document.querySelector('select').focus()</script>"
TEN_TIMES_AS_FAST = "const wait = setTimeout; setTimeout = (run, ms) => wait(run, ms / 10)"


def test_a_page_looks_again_but_cuts_no_form_and_no_choice_off(
    page: Page, service: Service
) -> None:
    shown: list[str] = []
    sent: list[Route] = []

    def answer(route: Route) -> None:
        shown.append(CHOOSING if shown else WAITING)
        route.fulfill(body=shown[-1], content_type="text/html")

    def hold(route: Route) -> None:
        sent.append(route)

    page.route("**/waiting", answer)
    page.route("**/sent", hold)
    page.add_init_script(TEN_TIMES_AS_FAST)
    page.goto(f"{service.address}/waiting")
    expect(page.locator("select")).to_be_focused()  # it has looked again
    page.wait_for_timeout(400)  # in which it would thrice more
    assert len(shown) == 2
    with page.expect_event("load"):
        page.locator("select").blur()
    with page.expect_request("**/sent"):
        page.evaluate("document.forms[0].submit(); document.activeElement.blur()")
    page.wait_for_timeout(400)
    assert len(shown) == 3
    sent[0].fulfill(body="Sent.")
    expect(page.locator("body")).to_have_text("Sent.")


def webhooks(service: Service) -> list[Any]:
    with reading(service.engine) as connection:
        return list(connection.execute(select(Webhook.__table__).order_by(Webhook.id)))


# Fields of a form that stand in the padding of the card around them, or beyond it.
BEYOND = """() => [...document.querySelectorAll("form.filters.card")].flatMap((form) => {
  const card = form.getBoundingClientRect();
  const { paddingLeft, paddingRight } = getComputedStyle(form);
  const left = card.left + parseFloat(paddingLeft), right = card.right - parseFloat(paddingRight);
  return [...form.querySelectorAll("input, select, button, .button")].filter((field) => {
    const box = field.getBoundingClientRect();
    return box.width && (box.left < left - 2 || box.right > right + 2);
  }).map((field) => field.id || field.textContent);
})"""


def test_on_a_phone_no_field_of_a_form_stands_beyond_its_card(
    browser: Browser, service: Service
) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    page = open_page(context, service, service.link_of("a small screen")).page
    for address in ("/browse", "/bulk", "/webhooks"):
        page.goto(f"{service.address}{address}")
        assert page.locator("form.filters.card").count() == 1
        assert page.evaluate(BEYOND) == []
    page.goto(f"{service.address}/browse")
    buttons = page.locator("form.filters .row > *")
    tops = buttons.evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)")
    assert len(tops) == 2
    assert tops[0] == tops[1]
    context.close()
