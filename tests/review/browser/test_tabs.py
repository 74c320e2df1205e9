"""What one reviewer has begun in a tab is known there after a reload, and in other tabs."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.review.browsing import IN_BROWSER, Service
from tests.review.reviewing import (
    decide,
    fetched_ahead,
    question_id,
    saved,
    say,
    title_of,
    verdicts,
)

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


@pytest.fixture
def other(context: BrowserContext, page: Page, service: Service) -> Page:
    """Another tab, with the same question."""
    other = context.new_page()
    other.goto(f"{service.address}/review")
    other.locator("#stage").wait_for(state="visible")
    fetched_ahead(other)
    assert question_id(other) == question_id(page)
    return other


def test_a_tab_hears_of_no_reviewer_whose_name_begins_with_the_own_one(
    page: Page, reviewer: str
) -> None:
    tell = """([reviewer, number]) => {
        const newValue = JSON.stringify({ question: { site: "stats", question_id: number } });
        const key = `tagger-outbox:${reviewer}:1`;
        dispatchEvent(new StorageEvent("storage", { key, oldValue: null, newValue }));
    }"""
    first, number = title_of(page), question_id(page)
    page.evaluate(tell, [f"{reviewer}:bob", number])
    expect(page.locator("#toasts")).not_to_contain_text("Decided in another tab")
    assert title_of(page) == first
    page.evaluate(tell, [reviewer, number])
    expect(page.locator("#toasts")).to_contain_text("Decided in another tab")


def test_what_is_decided_in_one_tab_leaves_the_other(page: Page, other: Page) -> None:
    first = title_of(page)
    decide(page, "a")
    expect(other.locator("#toasts")).to_contain_text(f"Decided in another tab: {first}")
    expect(other.locator("#title")).to_have_text(title_of(page))
    met = set()
    for tab in (page, other) * 3:  # none of those that were fetched ahead comes a second time
        assert question_id(tab) not in met
        met.add(question_id(tab))
        decide(tab, "a")
        saved(tab)
        expect(page.locator("#title")).to_have_text(title_of(other))


@pytest.mark.parametrize("touch", ["1", "n", "/ r"])
def test_a_question_that_is_worked_on_stays_and_a_save_of_it_can_be_taken_back(
    page: Page, other: Page, service: Service, reviewer: str, touch: str
) -> None:
    identity, title = question_id(page), title_of(page)
    for key in touch.split():
        other.keyboard.press(key)
    decide(page, "a")
    saved(page)
    stands = verdicts(service, reviewer)
    expect(other.locator("#toasts")).to_contain_text("You have decided on this question in another")
    assert title_of(other) == title
    for key in ("Escape", "Escape", "1", "2"):
        other.keyboard.press(key)
    decide(other, "Enter")
    told = other.locator(
        ".toast", has_text=f"Saved in place of what you had decided in another window: {title}"
    )
    expect(told).to_be_visible()
    assert verdicts(service, reviewer).keys() == {identity}
    assert verdicts(service, reviewer) != stands
    told.get_by_role("button", name="Undo").click()
    expect(other.locator("#title")).to_have_text(title)
    assert verdicts(service, reviewer) == stands


def test_a_save_that_replaces_one_of_another_machine_says_so_also_after_a_reload(
    browser: Browser, page: Page, service: Service, reviewer: str
) -> None:
    identity, title = question_id(page), title_of(page)
    page.route("**/decision", lambda route: route.abort())
    decide(page, "a")
    say(browser, service, reviewer, identity, {"r": "added"})
    page.unroute_all(behavior="ignoreErrors")
    page.goto(service.link_of(reviewer))
    expect(page.locator(".toast", has_text=title)).to_contain_text("in place of")
    saved(page)
    decide(page, "a")
    saved(page)
    page.reload()
    expect(page.locator("#stage")).to_be_visible()
    page.goto(f"{service.address}/review?site=stats&question={identity}")
    expect(page.locator("#title")).to_have_text(title)
    decide(page, "1 Enter")  # what stands was shown: nobody need be told
    saved(page)
    expect(page.locator(".toast")).to_have_count(0)
