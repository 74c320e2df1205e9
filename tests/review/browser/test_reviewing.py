"""The review in a real browser, by keyboard alone unless a test says otherwise."""

import json
import re
import statistics
import sys

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import select

from core.database.engine import reading
from core.database.review_tables import BlockedTag, Note, Review, ReviewAction
from review.render.formulas import render_title
from review.render.question_html import render_body
from tests.review.browsing import IN_BROWSER, PHONE, Service, open_page
from tests.review.hostile import hostile_bodies, hostile_titles
from tests.review.reviewing import (
    chosen,
    count,
    decide,
    favoured,
    press,
    question_id,
    saved,
    strike,
    title_of,
    verdicts,
)

pytestmark = IN_BROWSER

KEYS_A_REVIEWER_USES = ["a", "2 Enter", "Enter", "s", "1 3 Enter"]


def test_twenty_questions_by_keyboard_and_five_taken_back(
    page: Page, service: Service, reviewer: str
) -> None:
    decided: dict[int, list[str]] = {}
    titles = []
    for number in range(20):
        keys = KEYS_A_REVIEWER_USES[number % 5]
        titles.append(title_of(page))
        identity = question_id(page)
        before = chosen(page)
        for key in keys.split()[:-1]:
            page.keyboard.press(key)
        if keys != "s":
            decided[identity] = chosen(page)
        assert keys in ("a", "Enter", "s") or chosen(page) != before
        decide(page, keys.split()[-1])
    saved(page)
    assert favoured(service, reviewer) == decided
    assert count(service, Review, reviewer) == 20
    page.reload()  # the history is the server's, not the page's
    page.locator("#stage").wait_for(state="visible")
    for title in reversed(titles[-5:]):
        page.keyboard.press("u")
        expect(page.locator("#title")).to_have_text(title)
    assert count(service, Review, reviewer) == 15
    assert len(favoured(service, reviewer)) == 12
    expect(page.locator("#history-list .undone")).to_have_count(5)
    iso = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")  # as pages and commands write times
    expect(page.locator("#history-list li").first).to_have_text(iso)


def test_a_tag_is_added_with_completion(page: Page, service: Service, reviewer: str) -> None:
    identity = question_id(page)
    page.keyboard.press("/")
    page.keyboard.type("bayes")
    expect(page.locator("#completions li").first).to_contain_text("bayesian")
    press(page, "Enter Escape")
    assert "bayesian" in chosen(page)
    decide(page, "Enter")
    saved(page)
    assert verdicts(service, reviewer)[identity]["bayesian"] in ("added", "accepted")


def test_enter_takes_the_tag_that_is_marked_or_the_one_that_is_typed(page: Page) -> None:
    for keys, added in (("Enter", "confidence-interval"), ("ArrowUp Enter", "interval")):
        page.keyboard.press("/")
        page.keyboard.type("interval")
        first = page.locator("#completions li").first
        expect(first).to_have_attribute("aria-selected", "true")
        expect(first).to_have_attribute("data-tag", "confidence-interval")
        press(page, f"{keys} Escape")
        assert added in chosen(page)


def test_a_question_is_decided_on_from_its_own_page_and_again(
    page: Page, service: Service, reviewer: str
) -> None:
    page.goto(f"{service.address}/browse/stats/200")
    page.get_by_role("link", name="Review it").click()
    expect(page.locator("#meta")).to_contain_text("stats 200")
    assert "question=" not in page.url
    before = chosen(page)
    decide(page, "1 Enter")
    saved(page)
    assert 200 in verdicts(service, reviewer)
    page.goto(f"{service.address}/browse/stats/200")
    page.get_by_role("link", name="Decide again").click()
    expect(page.locator("#meta")).to_contain_text("stats 200")
    assert chosen(page) != before
    other = page.context.new_page()
    other.goto(f"{service.address}/review?site=stats&question=99999")
    expect(other.locator("#toasts")).to_contain_text("no question 99999")
    expect(other.locator("#stage")).to_be_visible()


def test_no_key_decides_while_somebody_types(page: Page, service: Service, reviewer: str) -> None:
    title = title_of(page)
    page.keyboard.press("/")
    page.keyboard.type("asune1")
    expect(page.locator("#add")).to_have_value("asune1")
    press(page, "Escape n")
    page.keyboard.type("a note on u and s")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notes")).to_contain_text("a note on u and s")
    press(page, "Control+a Alt+s Meta+u")
    saved(page)
    assert title_of(page) == title
    assert count(service, ReviewAction, reviewer) == 0
    assert count(service, Note, reviewer) == 1


@pytest.mark.parametrize(
    ("key", "code", "does"), [("S", "KeyS", "s"), ("ы", "KeyS", "s"), ("é", "Digit2", "2")]
)
def test_keys_are_those_of_every_keyboard(page: Page, key: str, code: str, does: str) -> None:
    title, before = title_of(page), chosen(page)
    strike(page, key, code)
    if does == "s":
        expect(page.locator("#title")).not_to_have_text(title)
    else:
        assert chosen(page) != before


def test_what_a_key_types_comes_before_its_place(page: Page) -> None:
    before = (title_of(page), chosen(page))
    strike(page, "€", "KeyE", modifierAltGraph=True)
    strike(page, "Ы", "KeyS", shiftKey=True)
    strike(page, "/", "Digit2")  # of Thai and French (BÉPO) keyboards
    expect(page.locator("#add")).to_be_focused()
    assert (title_of(page), chosen(page)) == before


def test_a_skipped_question_never_comes_again(page: Page, service: Service, reviewer: str) -> None:
    skipped = question_id(page)
    decide(page, "s")
    saved(page)
    page.reload()
    page.locator("#stage").wait_for(state="visible")
    assert question_id(page) != skipped
    assert count(service, Review, reviewer) == 1


def test_enter_saves_after_a_click_on_a_tag(page: Page, service: Service, reviewer: str) -> None:
    identity = question_id(page)
    page.locator("#suggestions button").first.click()
    wanted = chosen(page)
    decide(page, "Enter")
    saved(page)
    assert favoured(service, reviewer)[identity] == wanted


def test_suggestions_are_hidden_until_a_blind_reviewer_has_chosen(
    page: Page, service: Service, reviewer: str
) -> None:
    page.keyboard.press("b")
    expect(page.locator("#toasts")).to_contain_text("From the next question on")
    assert page.locator("#suggestions .fill").count() > 0  # which stand there already
    decide(page, "s")
    expect(page.locator("#blind-notice")).to_be_visible()
    assert page.locator("#suggestions .fill").count() == 0
    title = title_of(page)
    page.keyboard.press("a")  # which would say yes to what nobody has seen
    first = chosen(page)
    page.keyboard.press("Enter")
    expect(page.locator("#blind-notice")).to_be_hidden()
    assert page.locator("#suggestions .fill").count() > 0
    assert title_of(page) == title
    decide(page, "Enter")
    saved(page)
    with reading(service.engine) as connection:
        review = connection.execute(
            select(Review.blind, Review.first_choice).where(
                Review.reviewer == reviewer, Review.outcome == "saved"
            )
        ).one()
    assert (review.blind, sorted(review.first_choice)) == (True, first)
    page.locator("#progress-frame summary").click()
    expect(page.locator("#progress")).to_contain_text("In blind mode")


def test_what_was_seen_before_a_reload_is_not_hidden_from_a_blind_reviewer(page: Page) -> None:
    title = title_of(page)
    decide(page, "Enter")
    saved(page)
    page.keyboard.press("b")
    page.reload()
    expect(page.locator("#blind-notice")).to_be_visible()
    page.locator("#history-list").get_by_role("button", name="Undo").first.click()
    expect(page.locator("#title")).to_have_text(title)
    expect(page.locator("#blind-notice")).to_be_hidden()
    page.keyboard.press("b")


def test_a_tag_that_is_none_for_the_site_is_blocked_by_one_key(
    page: Page, service: Service, reviewer: str
) -> None:
    before = chosen(page)
    tag = before[0]
    page.locator(f'#suggestions [data-tag="{tag}"]').focus()
    page.keyboard.press("x")
    expect(page.locator("#toasts")).to_contain_text(f"{tag} is never suggested again")
    assert count(service, BlockedTag, reviewer) == 1
    assert chosen(page) == before[1:]
    page.locator("#toasts button").click()
    expect(page.locator("#toasts")).not_to_contain_text("never suggested")
    expect(page.locator("#suggestions .tag.bad")).to_have_count(0)
    assert count(service, BlockedTag, reviewer) == 0
    assert chosen(page) == before


def test_the_retag_is_in_the_clipboard_and_the_edit_page_opens(
    context: BrowserContext, page: Page
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.route("https://stats.example/**", lambda route: route.fulfill(body="the site"))
    with context.expect_page() as opened:
        page.keyboard.press("e")
    opened.value.wait_for_load_state()
    assert opened.value.url.startswith("https://stats.example/")
    assert opened.value.evaluate("document.referrer") == ""
    opened.value.close()
    page.bring_to_front()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert sorted(copied.split(" ")) == chosen(page)


def test_nothing_moves_when_the_words_that_speak_for_tags_come(page: Page) -> None:
    held: dict[str, Route] = {}

    def hold(route: Route) -> None:
        held[route.request.url.split("/")[-2]] = route

    page.route("**/reasons", hold)
    decide(page, "s")
    identity = str(question_id(page))
    last = page.locator("#suggestions button").last
    suggested = page.locator("#suggestions button:not(.below)").all()
    before = last.bounding_box()
    while identity not in held:
        page.wait_for_timeout(50)
    words = [{"word": "a-long-word-of-the-question", "loss": 0.5}] * 5
    tags = [one.get_attribute("data-tag") or "" for one in suggested]
    held[identity].fulfill(json={"model_version": 1, "reasons": dict.fromkeys(tags, words)})
    expect(page.locator(".reasons").first).to_contain_text("by a-long-word")
    assert last.bounding_box() == before


def test_by_thumb_every_target_is_large_enough(browser: Browser, service: Service) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    watched = open_page(context, service, service.link_of("thumb"))
    page = watched.page
    # At one moment: of a button that is drawn anew in between, nothing could be measured.
    sizes = page.evaluate(
        """[...document.querySelectorAll("#stage button")].filter((one) => one.checkVisibility())
        .map((one) => [one.textContent.trim(), one.getBoundingClientRect().height])"""
    )
    assert len(sizes) > 5
    assert [size for size in sizes if size[1] < 44] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    title = title_of(page)
    page.get_by_role("button", name="Skip").tap()
    expect(page.locator("#title")).not_to_have_text(title)
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator("#title")).to_have_text(title)
    assert watched.problems == []
    context.close()


def test_nothing_hostile_runs_and_the_layout_holds(page: Page) -> None:
    shown = [
        {"title_html": str(render_title(title)), "body_html": str(render_body(body, images=False))}
        for title, body in zip(hostile_titles(), hostile_bodies(), strict=True)
    ]
    found = page.evaluate(SHOW_EACH, json.dumps(shown))
    assert page.evaluate("window.hacked") is None
    assert found == []


SHOW_EACH = """async (questions) => {
  const { showQuestion } = await import("/static/queue/stage.js");
  const place = () => {
    const box = document.querySelector(".decide").getBoundingClientRect();
    return [box.left, box.top, box.width].map(Math.round).join(" ");
  };
  const before = place();
  const found = [];
  JSON.parse(questions).forEach((question, index) => {
    showQuestion({ title: "t", site: "s", question_id: 1, ...question });
    const wide = document.documentElement.scrollWidth > innerWidth;
    if (wide || place() !== before) found.push([index, wide, place()]);
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  return found;
}"""


def test_a_hundred_decisions_by_the_stopwatch(
    page: Page, service: Service, reviewer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page.evaluate(WATCH_TITLE)
    began = page.evaluate("performance.now()")
    for number in range(85):  # as fast as keys can be pressed
        page.keyboard.press("a")
        page.evaluate(WAIT_FOR_TITLE, number)
    seconds = (page.evaluate("performance.now()") - began) / 1000
    for number in range(85, 100):  # as fast as somebody could read a title
        page.wait_for_timeout(250)
        page.keyboard.press("a")
        page.evaluate(WAIT_FOR_TITLE, number)
    saved(page)
    stood = sorted(page.evaluate("window.stood")[85:])
    with capsys.disabled():
        sys.stdout.write(
            f"\n{85 * 60 / seconds:.0f} decisions a minute; at four a second the next question "
            f"stands after {statistics.median(stood):.0f} ms, at most {stood[-1]:.0f} ms\n"
        )
    assert count(service, Review, reviewer) == 100


WAIT_FOR_TITLE = """(number) => new Promise((resolve) => {
  const look = () => (window.stood.length > number ? resolve() : setTimeout(look, 2));
  look();
})"""
WATCH_TITLE = """() => {
  window.stood = [];
  let pressed = 0;
  document.addEventListener("keydown", () => { pressed = performance.now(); }, true);
  const watch = { childList: true, characterData: true, subtree: true };
  new MutationObserver(() => {
    if (pressed) requestAnimationFrame(() => {
      if (pressed) window.stood.push(performance.now() - pressed);
      pressed = 0;
    });
  }).observe(document.getElementById("title"), watch);
}"""
