"""Nothing that somebody decided in a browser is lost, whatever happens to the service."""

import json

from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect
from sqlalchemy import delete

from core.database.review_tables import BlockedTag, ReviewAction, ReviewSession
from tests.review.browsing import IN_BROWSER, Service
from tests.review.reviewing import (
    chosen,
    count,
    decide,
    favoured,
    fetched_ahead,
    press,
    question_id,
    saved,
    title_of,
)

pytestmark = IN_BROWSER


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


def test_a_form_goes_on_after_a_login_in_another_window(
    context: BrowserContext, page: Page, service: Service, reviewer: str
) -> None:
    page.goto(f"{service.address}/bulk?site=stats&tag=regression")
    with service.engine.begin() as connection:
        connection.execute(delete(ReviewSession).where(ReviewSession.reviewer == reviewer))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#trouble a")).to_have_text("Log in in another window")
    other = context.new_page()
    other.goto(service.link_of(reviewer))
    other.close()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#count")).to_contain_text("questions")
    expect(page.locator("#trouble")).to_be_hidden()


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
    expect(page.locator("#stage")).to_be_visible()  # keys are for a question that is there
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
