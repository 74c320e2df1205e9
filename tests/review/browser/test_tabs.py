"""What one reviewer has begun in a tab is known there after a reload, and in other tabs."""

from playwright.sync_api import Browser, Page, expect

from tests.review.browsing import IN_BROWSER, Service
from tests.review.reviewing import decide, question_id, saved, say

pytestmark = IN_BROWSER


def test_a_second_opinion_is_taken_back_after_a_reload_until_somebody_has_given_it(
    browser: Browser, page: Page, service: Service, reviewer: str
) -> None:
    identity, opinion = question_id(page), page.locator("#second-opinion")
    page.keyboard.press("o")
    expect(opinion).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(opinion).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("o")
    expect(page.locator("#toasts")).to_contain_text("No second opinion is asked for any more.")
    page.keyboard.press("o")
    expect(opinion).to_have_attribute("aria-pressed", "true")
    decide(page, "a")
    saved(page)
    again = f"{service.address}/review?site=stats&question={identity}"
    page.goto(again)
    expect(opinion).to_have_attribute("aria-pressed", "true")
    say(browser, service, f"{reviewer[:30]} other", identity, {"anova": "added"})
    page.goto(again)
    expect(page.locator("#others")).to_contain_text("other")
    expect(opinion).to_have_attribute("aria-pressed", "false")
