"""The review in a real browser, by keyboard alone unless a test says otherwise."""

import json
import statistics
import sys
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route, expect
from sqlalchemy import delete, func, insert, select

from core.database.engine import reading
from core.database.review_tables import (
    BlockedTag,
    Note,
    Review,
    ReviewAction,
    ReviewSession,
    SavedFilter,
    Verdict,
)
from core.database.tables import Question
from review.render.formulas import render_title
from review.render.question_html import render_body
from tests.conftest import ManualClock
from tests.review.browsing import IN_BROWSER, PHONE, Service, open_page
from tests.review.hostile import hostile_bodies, hostile_titles

pytestmark = IN_BROWSER

KEYS_A_REVIEWER_USES = ["a", "2 Enter", "Enter", "s", "1 3 Enter"]


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


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


def test_no_key_decides_while_somebody_types(page: Page, service: Service, reviewer: str) -> None:
    title = title_of(page)
    page.keyboard.press("/")
    page.keyboard.type("asune1")
    expect(page.locator("#add")).to_have_value("asune1")
    press(page, "Escape n")
    page.keyboard.type("a note on u and s")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notes")).to_contain_text("a note on u and s")
    for key in ("Control+a", "Alt+s", "Meta+u"):
        page.keyboard.press(key)
    saved(page)
    assert title_of(page) == title
    assert count(service, ReviewAction, reviewer) == 0
    assert count(service, Note, reviewer) == 1


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
    tag = page.locator("#suggestions button").nth(2).get_attribute("data-tag")
    press(page, "3 x")
    expect(page.locator("#toasts")).to_contain_text(f"{tag} is never suggested again")
    assert count(service, BlockedTag, reviewer) == 1
    page.locator("#toasts button").click()
    expect(page.locator("#toasts")).not_to_contain_text("never suggested")
    expect(page.locator("#suggestions .tag.bad")).to_have_count(0)
    assert count(service, BlockedTag, reviewer) == 0


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


def test_order_and_filter_hold_for_the_queue(page: Page, service: Service, reviewer: str) -> None:
    page.locator("#order").select_option("newest")
    page.wait_for_url("**order=newest*")
    page.locator("#stage").wait_for(state="visible")
    expect(page.locator("#title math")).to_be_visible()
    page.locator("#filter summary").click()
    page.locator("#author").fill("regression")
    page.locator("#save-filter").click()
    page.keyboard.type("mine")
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("mine is saved")
    assert count(service, SavedFilter, reviewer) == 1
    page.locator("#filter").get_by_role("button", name="Show").click()
    page.wait_for_url("**author=regression*")
    for _ in range(5):
        page.locator("#stage").wait_for(state="visible")
        expect(page.locator("#author-tags")).to_contain_text("regression")
        decide(page, "s")


def test_a_saved_filter_brings_its_own_site_and_order(
    page: Page, service: Service, reviewer: str
) -> None:
    wanted = {"site": "stats", "order": "newest", "author": "regression"}
    row = {"reviewer": reviewer, "name": "a/b", "filter": wanted, "at": ManualClock().now()}
    with service.engine.begin() as connection:
        connection.execute(insert(SavedFilter).values(row))
    with page.expect_request("**/review/next?*saved_filter=*") as asked:
        page.goto(f"{service.address}/review?saved_filter=a%2Fb")
    assert "order=newest" in asked.value.url
    expect(page.locator("#order")).to_have_value("newest")
    page.goto(f"{service.address}/review?order=random")
    page.locator("#stage").wait_for(state="visible")
    page.locator("#filter summary").click()
    page.locator("#saved-filter").select_option("a/b")
    expect(page.locator("#order")).to_have_value("newest")
    expect(page.locator("#author")).to_have_value("regression")
    page.locator("#filter").get_by_role("button", name="Show").click()
    page.wait_for_url("**order=newest*")
    page.locator("#stage").wait_for(state="visible")
    expect(page.locator("#author-tags")).to_contain_text("regression")


def test_one_verdict_on_many_questions_is_previewed_said_and_taken_back(
    page: Page, service: Service, reviewer: str
) -> None:
    page.goto(f"{service.address}/bulk?site=stats&tag=regression")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#count")).to_contain_text("questions")
    shown = int(page.locator("#count").inner_text().split()[0])
    assert page.locator("#first li").count() == min(shown, 20)
    assert count(service, Verdict, reviewer) == 0
    page.get_by_role("button", name=f"Accept regression on {shown}").click()
    expect(page.locator("#done")).to_contain_text(f"accepted on {shown} questions")
    assert count(service, Verdict, reviewer) == shown
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#done")).to_contain_text("Taken back")
    assert count(service, Verdict, reviewer) == 0


def others(page: Page) -> list[str]:
    """The chosen tags that are not the author's."""
    author = page.locator("#author-tags").inner_text().split()
    return [tag for tag in chosen(page) if tag not in author]


def test_a_verdict_on_one_tag_leaves_the_others_as_they_are_suggested(
    page: Page, service: Service, reviewer: str
) -> None:
    while len(others(page)) < 2:
        decide(page, "s")
    identity, wanted, suggested = question_id(page), chosen(page), others(page)[0]
    with service.engine.begin() as connection:
        pk = connection.scalars(select(Question.id).where(Question.question_id == identity)).one()
        said = {"question_pk": pk, "tag": suggested, "reviewer": reviewer, "verdict": "rejected"}
        connection.execute(insert(Verdict), said | {"at": ManualClock().now()})
    page.reload()
    page.locator("#stage").wait_for(state="visible")
    assert question_id(page) == identity
    assert chosen(page) == [tag for tag in wanted if tag != suggested]


def test_a_tag_of_the_author_is_named_once(page: Page, service: Service) -> None:
    page.goto(f"{service.address}/bulk?site=stats&tag=regression")
    expect(page.locator("#author")).to_be_enabled()
    page.locator("#author").fill("bayesian")
    page.locator("#where").select_option("author")
    expect(page.locator("#author")).to_be_disabled()
    with page.expect_request("**/bulk/preview") as asked:
        page.get_by_role("button", name="Preview").click()
    assert json.loads(asked.value.post_data or "")["filter"] == {
        "site": "stats",
        "author": "regression",
    }
    expect(page.locator("#count")).to_contain_text("question")


def test_a_conflict_has_a_queue_of_its_own_and_is_settled(
    browser: Browser, page: Page, service: Service, reviewer: str
) -> None:
    identity, tag = question_id(page), page.locator("#suggestions button").first
    name = tag.get_attribute("data-tag")
    page.keyboard.press("o")
    expect(page.locator("#toasts")).to_contain_text("second opinion")
    decide(page, "a")
    saved(page)
    path = f"/api/v1/review/questions/stats/{identity}/decision"
    body = {"request_id": "7b9f5f0e-3a4e-4d3c-9d1b-0a4f2f1c6d11", "verdicts": {name: "rejected"}}
    with browser.new_context() as other:  # who disagrees
        other.new_page().goto(service.link_of("a second one"))
        session = other.request.get(f"{service.address}/api/v1/session").json()
        headers = {"X-CSRF-Token": session["csrf_token"]}
        sent = other.request.post(f"{service.address}{path}", data=body, headers=headers)
        assert sent.ok
    page.goto(f"{service.address}/review?order=conflicts")
    page.locator("#stage").wait_for(state="visible")
    assert question_id(page) == identity
    expect(page.locator("#conflict")).to_contain_text("What you save settles it.")
    expect(page.locator("#others")).to_contain_text("a second one")
    page.keyboard.press("Enter")
    expect(page.locator("#nothing")).to_be_visible()
    saved(page)
    with reading(service.engine) as connection:
        settled = select(Verdict.tag).where(Verdict.reviewer == reviewer, Verdict.settles)
        assert connection.scalars(settled).all() == [name]


def test_a_save_that_is_refused_fails_loudly_and_can_be_tried_again(
    page: Page, service: Service, reviewer: str
) -> None:
    refusal = json.dumps({"detail": "No such version."})
    refused = {"status": 409, "content_type": "application/json", "body": refusal}
    page.route("**/decision", lambda route: route.fulfill(**refused))
    identity, title = question_id(page), title_of(page)
    decide(page, "a")
    expect(page.locator("#save-state")).to_contain_text("Not saved")
    expect(page.locator("#trouble")).to_contain_text(f"Not saved: {title}: No such version.")
    page.unroute("**/decision")
    page.reload()  # it is not forgotten
    page.locator("#trouble").get_by_role("button", name="Try again").click()
    saved(page)
    assert list(favoured(service, reviewer)) == [identity]


def test_behind_the_most_uncertain_come_the_newest_that_are_not_scored_yet(page: Page) -> None:
    page.route("**/next?*order=uncertain*", lambda route: route.fulfill(status=204))
    page.reload()
    page.locator("#stage").wait_for(state="visible")
    page.unroute_all(behavior="ignoreErrors")
    expect(page.locator("#order")).to_have_value("uncertain")


def test_what_is_decided_while_the_server_is_dead_arrives_when_it_is_back(
    context: BrowserContext, page: Page, service: Service, reviewer: str
) -> None:
    decided = {}

    def decide_one() -> None:
        decided[question_id(page)] = chosen(page)
        decide(page, "Enter")

    for _ in range(3):
        decide_one()
    fetched_ahead(page)
    service.kill()
    for _ in range(2):  # those are here already
        decide_one()
    expect(page.locator("#save-state")).to_contain_text("Not saved yet")
    expect(page.locator("#trouble")).to_contain_text("kept in this browser")
    page.close()  # in the middle of it
    service.start()
    again = context.new_page()
    again.goto(f"{service.address}/review")
    again.locator("#stage").wait_for(state="visible")
    saved(again)
    assert favoured(service, reviewer) == decided
    assert count(service, ReviewAction, reviewer) == 5


def test_what_is_decided_without_a_network_arrives_later_or_is_taken_back(
    context: BrowserContext, page: Page, service: Service, reviewer: str
) -> None:
    fetched_ahead(page)
    context.set_offline(True)
    first, first_chosen = question_id(page), chosen(page)
    decide(page, "Enter")
    second = title_of(page)
    decide(page, "Enter")
    expect(page.locator("#save-state")).to_contain_text("Not saved yet")
    page.keyboard.press("u")
    expect(page.locator("#title")).to_have_text(second)
    context.set_offline(False)
    saved(page)
    assert favoured(service, reviewer) == {first: first_chosen}


def test_what_waits_is_taken_back_first_after_a_reload_too(
    page: Page, service: Service, reviewer: str
) -> None:
    first, first_chosen = question_id(page), chosen(page)
    decide(page, "Enter")
    saved(page)
    page.route("**/decision", lambda route: route.abort())
    second, second_chosen = title_of(page), chosen(page)
    decide(page, "Enter")
    expect(page.locator("#save-state")).to_contain_text("Not saved yet")
    page.reload()
    page.locator("#stage").wait_for(state="visible")
    page.keyboard.press("u")
    expect(page.locator("#title")).to_have_text(second)
    assert chosen(page) == second_chosen
    page.unroute_all(behavior="ignoreErrors")
    saved(page)
    assert favoured(service, reviewer) == {first: first_chosen}


def test_only_entries_of_the_reviewer_are_read_from_the_browser(
    page: Page, service: Service, reviewer: str
) -> None:
    page.route("**/decision", lambda route: route.abort())
    identity = question_id(page)
    decide(page, "Enter")
    expect(page.locator("#save-state")).to_contain_text("Not saved yet")
    path = page.evaluate(LEAVE_OTHER_ENTRIES, reviewer)
    page.reload()
    page.locator("#stage").wait_for(state="visible")
    page.unroute_all(behavior="ignoreErrors")
    with page.expect_request("**/decision") as sent:
        page.evaluate("() => { dispatchEvent(new Event('focus')); }")
    assert sent.value.url.endswith(path)
    saved(page)
    assert list(favoured(service, reviewer)) == [identity]
    assert count(service, ReviewAction, reviewer) == 1
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes(':x:')).length")


LEAVE_OTHER_ENTRIES = """(reviewer) => {
  const prefix = `tagger-outbox:${reviewer}:`;
  const name = Object.keys(localStorage).find((one) => one.startsWith(prefix));
  const entry = JSON.parse(localStorage.getItem(name));
  const other = { ...entry, id: "x:1", path: entry.path.replace("decision", "skip"), made: 0 };
  localStorage.setItem(`${prefix}x:1`, JSON.stringify(other));
  localStorage.setItem(`${prefix}broken`, "null");
  return entry.path;
}"""


def test_a_refusal_long_after_the_session_was_renewed_is_no_failure(
    page: Page, service: Service, reviewer: str
) -> None:
    answers = iter(["forbidden", "away", "forbidden"])

    def answer(route: Route) -> None:
        match next(answers, "here"):
            case "forbidden":
                route.fulfill(status=403, content_type="application/json", body="{}")
            case "away":
                route.abort()
            case _:
                route.continue_()

    page.route("**/decision", answer)
    identity = question_id(page)
    decide(page, "Enter")
    saved(page)
    assert list(favoured(service, reviewer)) == [identity]


def test_what_another_tab_has_taken_back_is_not_sent(
    context: BrowserContext, page: Page, service: Service, reviewer: str
) -> None:
    fetched_ahead(page)
    page.route("**/decision", lambda route: route.abort())
    decide(page, "Enter")
    expect(page.locator("#save-state")).to_contain_text("Not saved yet")
    other = context.new_page()
    other.route("**/decision", lambda route: route.abort())
    other.goto(f"{service.address}/review")
    other.locator("#stage").wait_for(state="visible")
    other.keyboard.press("u")
    expect(other.locator("#announcer")).to_contain_text("Taken back")
    page.unroute_all(behavior="ignoreErrors")
    saved(page)
    other.unroute_all(behavior="ignoreErrors")
    saved(other)
    assert count(service, ReviewAction, reviewer) == 1
    assert favoured(service, reviewer) == {}


def test_what_no_storage_keeps_is_said_and_not_left_unasked(
    page: Page, service: Service, reviewer: str
) -> None:
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    page.route("**/decision", lambda route: route.abort())
    identity = question_id(page)
    decide(page, "Enter")
    expect(page.locator("#trouble")).to_contain_text("in this page alone")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.close(run_before_unload=True)
    page.unroute_all(behavior="ignoreErrors")
    saved(page)
    assert asked == ["beforeunload"]
    assert list(favoured(service, reviewer)) == [identity]


def test_one_press_takes_back_one_though_its_answer_is_lost(
    page: Page, service: Service, reviewer: str
) -> None:
    first, first_chosen = question_id(page), chosen(page)
    decide(page, "Enter")
    second = title_of(page)
    decide(page, "Enter")
    saved(page)
    lost = []

    def lose(route: Route) -> None:
        route.fetch()  # it arrives
        lost.append(route.request.url)
        route.abort()

    page.route("**/undo", lose, times=4)  # as often as one press asks
    page.keyboard.press("u")
    expect(page.locator("#toasts")).to_contain_text("Not taken back")
    page.keyboard.press("u")
    expect(page.locator("#title")).to_have_text(second)
    assert len(lost) == 4
    assert favoured(service, reviewer) == {first: first_chosen}


def test_what_is_decided_after_the_session_has_ended_arrives_after_a_login(
    context: BrowserContext, page: Page, service: Service, reviewer: str
) -> None:
    with service.engine.begin() as connection:
        connection.execute(delete(ReviewSession).where(ReviewSession.reviewer == reviewer))
    identity = question_id(page)
    page.keyboard.press("a")
    expect(page.locator("#trouble")).to_contain_text("You are signed out.")
    link = service.link_of(f"{reviewer[:30]} other")
    somebody_else = context.new_page()
    somebody_else.goto(link)  # whose decisions these are not
    page.wait_for_timeout(500)
    page.bring_to_front()
    with page.expect_response("**/api/v1/session"):
        page.evaluate("() => { dispatchEvent(new Event('focus')); }")
    page.wait_for_timeout(200)
    press(page, "2 x")  # nor is anything else done in their name
    expect(page.locator("#toasts")).to_contain_text("Not done")
    assert count(service, BlockedTag, f"{reviewer[:30]} other") == 0
    assert favoured(service, f"{reviewer[:30]} other") == {}
    context.clear_cookies()  # a link takes the browser from nobody else
    somebody_else.goto(service.link_of(reviewer))
    somebody_else.close()
    page.bring_to_front()
    saved(page)
    assert list(favoured(service, reviewer)) == [identity]


def test_by_thumb_every_target_is_large_enough(browser: Browser, service: Service) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    watched = open_page(context, service, service.link_of("thumb"))
    page = watched.page
    sizes = page.locator("#stage button:visible").evaluate_all(
        "all => all.map((one) => [one.textContent.trim(), one.getBoundingClientRect().height])"
    )
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
