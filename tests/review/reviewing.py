"""What tests do on the review page, and what they read there and in the database."""

from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from core.database.engine import reading
from core.database.review_tables import Verdict
from core.database.tables import Question
from tests.review.browsing import Service


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def strike(page: Page, key: str, code: str, **held: bool) -> None:
    """Press a key of a keyboard that Chromium has no layout of."""
    event = {"key": key, "code": code, "bubbles": True, "cancelable": True, **held}
    page.evaluate("(one) => document.body.dispatchEvent(new KeyboardEvent('keydown', one))", event)


def decide(page: Page, keys: str) -> None:
    """Press keys that decide the question, and wait for the next one."""
    title = page.locator("#title").inner_text()
    press(page, keys)
    expect(page.locator("#title")).not_to_have_text(title)


def saved(page: Page) -> None:
    expect(page.locator("#save-state")).to_have_text("Saved", timeout=20_000)


def fetched_ahead(page: Page) -> None:
    """Wait until the next questions are here."""
    expect(page.locator("#review")).to_have_attribute("data-ready", "3", timeout=20_000)


def title_of(page: Page) -> str:
    return page.locator("#title").inner_text()


def chosen(page: Page) -> list[str]:
    buttons = page.locator('#suggestions [aria-pressed="true"]')
    return sorted(buttons.evaluate_all("all => all.map((one) => one.dataset.tag)"))


def question_id(page: Page) -> int:
    return int(page.locator("#meta a").inner_text().split()[1])


def verdicts(service: Service, reviewer: str) -> dict[int, dict[str, str]]:
    """What stands in the database, by question."""
    found: dict[int, dict[str, str]] = {}
    with reading(service.engine) as connection:
        for number, tag, verdict in connection.execute(
            select(Question.question_id, Verdict.tag, Verdict.verdict)
            .join(Question, Question.id == Verdict.question_pk)
            .where(Verdict.reviewer == reviewer)
        ):
            found.setdefault(number, {})[tag] = verdict
    return found


def favoured(service: Service, reviewer: str) -> dict[int, list[str]]:
    """The tags that a reviewer's verdicts let stand, by question."""
    return {
        number: sorted(tag for tag, verdict in said.items() if verdict != "rejected")
        for number, said in verdicts(service, reviewer).items()
    }


def count(service: Service, table: type[Any], reviewer: str) -> int:
    with reading(service.engine) as connection:
        rows = select(func.count()).select_from(table).where(table.reviewer == reviewer)
        return connection.execute(rows).scalar_one()


def say(
    browser: Browser, service: Service, who: str, identity: int, verdicts: dict[str, str]
) -> None:
    """Decide on a question as somebody else."""
    path = f"/api/v1/review/questions/stats/{identity}/decision"
    body = {"request_id": str(uuid4()), "verdicts": verdicts}
    with browser.new_context() as other:
        other.new_page().goto(service.link_of(who))
        session = other.request.get(f"{service.address}/api/v1/session").json()
        headers = {"X-CSRF-Token": session["csrf_token"]}
        assert other.request.post(f"{service.address}{path}", data=body, headers=headers).ok
