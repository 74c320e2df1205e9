"""Queues, filters, conflicts and one verdict on many questions, in a real browser."""

import json

from playwright.sync_api import Browser, Page, Response, Route, expect
from sqlalchemy import delete, insert, select

from core.database.engine import reading
from core.database.review_tables import BlockedTag, SavedFilter, Verdict
from core.database.tables import Question
from tests.conftest import ManualClock
from tests.review.browsing import IN_BROWSER, Service
from tests.review.reviewing import (
    chosen,
    count,
    decide,
    fetched_ahead,
    press,
    question_id,
    saved,
    say,
    verdicts,
)

pytestmark = IN_BROWSER


def test_order_and_filter_hold_for_the_queue(page: Page, service: Service, reviewer: str) -> None:
    page.locator("#order").select_option("newest")
    page.wait_for_url("**order=newest*")
    page.locator("#stage").wait_for(state="visible")
    expect(page.locator("#title math")).to_be_visible()
    page.locator("#filter summary").click()
    page.locator("#author").fill("Regression")
    page.locator("#save-filter").click()
    page.keyboard.type("mine")
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("mine is saved")
    assert count(service, SavedFilter, reviewer) == 1
    page.locator("#filter").get_by_role("button", name="Show").click()
    page.wait_for_url("**author=Regression*")
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


def test_a_saved_filter_is_changed_by_emptying_a_field_and_deleted(
    page: Page, service: Service, reviewer: str
) -> None:
    wanted = {"site": "stats", "order": "newest", "author": "no-such-tag", "state": "open"}
    row = {"reviewer": reviewer, "name": "mine", "filter": wanted, "at": ManualClock().now()}
    with service.engine.begin() as connection:
        connection.execute(insert(SavedFilter).values(row))
    page.goto(f"{service.address}/review?saved_filter=mine")
    expect(page.locator("#nothing")).to_be_visible()
    page.locator("#filter summary").click()
    page.locator("#author").fill("")
    page.locator("#filter").get_by_role("button", name="Show").click()
    page.wait_for_url("**state=open*")
    expect(page.locator("#stage")).to_be_visible()
    expect(page.locator("#author")).to_have_value("")
    page.locator("#filter summary").click()
    page.locator("#saved-filter").select_option("mine")
    page.locator("#filter").get_by_role("button", name="Delete").click()
    expect(page.locator("#toasts")).to_contain_text("mine is deleted")
    expect(page.locator("#saved-filter option")).to_have_count(1)
    assert count(service, SavedFilter, reviewer) == 0


def test_one_verdict_on_many_questions_is_previewed_said_and_taken_back(
    page: Page, service: Service, reviewer: str
) -> None:
    page.goto(f"{service.address}/bulk?site=stats&tag=regression")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#count")).to_contain_text("questions")
    shown = int(page.locator("#count").inner_text().split()[0])
    assert page.locator("#first li").count() == min(shown, 20)
    assert count(service, Verdict, reviewer) == 0
    held = hold(page, "**/review/bulk")
    page.get_by_role("button", name=f"Accept regression on {shown}").click()
    page.locator("#verdict").select_option("rejected")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#say")).to_have_text(f"Reject regression on {shown} questions")
    held[0].continue_()
    expect(page.locator("#done")).to_contain_text(f"accepted on {shown} questions")
    expect(page.locator("#say")).to_be_visible()  # of another preview
    assert count(service, Verdict, reviewer) == shown
    other = page.context.new_page()
    other.goto(f"{service.address}/history")
    said = other.locator("#history-list .what").first
    expect(said).to_have_text(f"{shown} questions of stats ✓ regression")
    other.close()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#done")).to_contain_text("Taken back")
    assert count(service, Verdict, reviewer) == 0


def hold(page: Page, address: str) -> list[Route]:
    """Let requests wait for an answer; returns them as they come."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(address, keep)
    return held


def lose(route: Route) -> None:
    """Let a request arrive, and its answer be lost."""
    route.fetch()
    route.abort()


def test_a_verdict_on_many_questions_that_a_key_takes_back_is_said_again(
    page: Page, service: Service, reviewer: str
) -> None:
    page.goto(f"{service.address}/bulk?site=stats&tag=Regression")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Accept regression on").click()
    expect(page.locator("#done")).to_contain_text("accepted on")
    said = count(service, Verdict, reviewer)
    page.goto(f"{service.address}/review")
    page.locator("#stage").wait_for(state="visible")
    page.keyboard.press("u")
    told = page.locator("#toasts")
    expect(told).to_contain_text(f"regression is no longer accepted on {said} questions.")
    assert count(service, Verdict, reviewer) == 0
    page.keyboard.press("u")
    expect(told).to_contain_text("nothing left")
    page.route("**/review/bulk", lose)
    told.get_by_role("button", name="Say it again").click()
    expect(told).to_contain_text("Not said again")
    page.unroute("**/review/bulk")
    told.get_by_role("button", name="Try again").click()
    expect(told).to_contain_text(f"regression is accepted on {said} questions.")
    expect(page.locator("#history-list li")).to_have_count(2)
    assert count(service, Verdict, reviewer) == said


def test_formulas_in_titles_are_drawn_in_the_preview_and_in_the_history(
    page: Page, service: Service
) -> None:
    page.goto(f"{service.address}/bulk?site=stats&tag=logistic")
    page.locator("#where").select_option("tag")
    page.locator("#q").fill("Wald")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#first a math").first).to_be_visible()
    page.goto(f"{service.address}/review?q=Wald")
    title = page.locator("#title")
    expect(title.locator("math")).to_be_visible()
    decide(page, "a")
    saved(page)
    page.goto(f"{service.address}/history")
    expect(page.locator("#history-list a math").first).to_be_visible()


def test_older_decisions_are_shown_once_however_often_they_are_asked_for(
    page: Page, service: Service
) -> None:
    made = {"kind": "skip", "site": "stats", "at": "2026-01-01T00:00:00Z", "undone_at": None}
    newest = made | {"id": 2, "summary": {"question_id": 2, "title": "two"}}
    older = made | {"id": 1, "summary": {"question_id": 1, "title": "one"}}
    held: list[Route] = []

    def answer(route: Route) -> None:
        if "cursor" in route.request.url:
            held.append(route)
        else:
            route.fulfill(json={"actions": [newest], "cursor": 2})

    page.route("**/review/history*", answer)
    page.goto(f"{service.address}/history")
    page.get_by_role("button", name="Show older ones").dblclick(force=True)
    expect(page.locator("#more")).to_be_focused()  # so that Enter shows more
    for route in held:
        route.fulfill(json={"actions": [older], "cursor": None})
    expect(page.locator("#history-list a")).to_have_text(["Question 2", "Question 1"])


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
        said = {"question_pk": pk, "reviewer": reviewer, "verdict": "rejected", "site": "stats"}
        for tag in (suggested, "suggested-no-more"):
            row = said | {"tag": tag, "at": ManualClock().now()}
            connection.execute(insert(Verdict), row)
    page.reload()
    page.locator("#stage").wait_for(state="visible")
    assert question_id(page) == identity
    assert chosen(page) == [tag for tag in wanted if tag != suggested]
    decide(page, "Enter")
    saved(page)
    assert verdicts(service, reviewer)[identity]["suggested-no-more"] == "rejected"


def test_a_tag_of_the_author_is_named_once(page: Page, service: Service) -> None:
    page.goto(f"{service.address}/bulk?site=stats&tag=regression")
    expect(page.locator("#author")).to_be_enabled()
    page.locator("#author").fill("bayesian")
    page.locator("#where").select_option("author")
    expect(page.locator("#author")).to_be_disabled()
    expect(page.locator("#min_probability")).to_be_disabled()
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
    name = tag.get_attribute("data-tag") or ""
    asked = hold(page, "**/second-opinion")
    with page.expect_request("**/second-opinion"):
        press(page, "o o")  # the second one before there is an answer
    expect(page.locator("#second-opinion")).to_have_attribute("aria-pressed", "false")
    for route in asked:
        lose(route)
    expect(page.locator("#toasts")).to_contain_text("Not done")
    page.unroute("**/second-opinion")
    assert len(asked) == 1
    for told, is_asked in (("will be asked", "true"), ("No second", "false"), ("will", "true")):
        page.keyboard.press("o")
        expect(page.locator("#toasts")).to_contain_text(told)
        expect(page.locator("#second-opinion")).to_have_attribute("aria-pressed", is_asked)
    told_at, decided_at = (page.locator(at).bounding_box() for at in (".toast", ".decide"))
    assert told_at
    assert decided_at
    assert told_at["x"] + told_at["width"] <= decided_at["x"]  # no button is covered
    decide(page, "a")
    saved(page)
    say(browser, service, "a second one", identity, {name: "rejected"})
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


def test_a_conflict_about_a_tag_that_nobody_suggests_is_shown_and_settled(
    browser: Browser, page: Page, service: Service, reviewer: str
) -> None:
    identity, tag = question_id(page), "constructor"  # of which JavaScript's objects know, too
    say(browser, service, "for it", identity, {tag: "added"})
    say(browser, service, "against it", identity, {tag: "rejected", "another": "rejected"})
    page.goto(f"{service.address}/review?order=conflicts")
    page.locator("#stage").wait_for(state="visible")
    disputed = page.locator(f'#suggestions [data-tag="{tag}"]')
    expect(disputed).to_contain_text("disputed")
    expect(disputed).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Enter")
    expect(page.locator("#nothing")).to_be_visible()
    saved(page)
    said = select(Verdict.tag, Verdict.verdict, Verdict.settles)
    with reading(service.engine) as connection:
        settled = said.where(Verdict.reviewer == reviewer, Verdict.settles)
        assert connection.execute(settled).all() == [(tag, "rejected", True)]


def test_a_blocked_tag_is_not_suggested_for_what_was_fetched_before(
    page: Page, service: Service, reviewer: str
) -> None:
    answers: list[Response] = []

    def note(answer: Response) -> None:
        if "/next?" in answer.url:
            answers.append(answer)

    fetched_ahead(page)
    page.on("response", note)
    page.reload()
    fetched_ahead(page)
    following = answers[1].json()
    suggested = [one["tag"] for one in following["suggestions"] if one["suggested"]]
    tag = next(one for one in suggested if one not in following["author_tags"])
    page.keyboard.press("/")
    page.keyboard.type(tag)
    press(page, "Enter Escape")
    page.locator(f'#suggestions [data-tag="{tag}"]').focus()
    page.keyboard.press("x")
    expect(page.locator("#toasts")).to_contain_text("never suggested again")
    decide(page, "s")
    assert question_id(page) == following["question_id"]
    expect(page.locator(f'#suggestions [data-tag="{tag}"]')).to_have_count(0)
    with service.engine.begin() as connection:
        connection.execute(delete(BlockedTag).where(BlockedTag.reviewer == reviewer))


def test_enter_takes_the_whole_tag_that_is_typed_before_its_list_is_here(page: Page) -> None:
    listed = [{"tag": "javascript", "uses": 9}, {"tag": "java", "uses": 8}]
    page.route("**/tags?prefix=jav&*", lambda route: route.fulfill(json=listed))
    page.route("**/tags?prefix=java&*", lambda _: None)
    page.keyboard.press("/")
    page.keyboard.type("jav")
    expect(page.locator("#completions li")).to_have_count(2)
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    assert "java" in chosen(page)


def test_a_list_that_comes_after_the_arrow_marks_no_other_tag(page: Page) -> None:
    listed = [{"tag": "javascript", "uses": 9}, {"tag": "javafx", "uses": 8}]
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/tags?prefix=jav&*", lambda route: route.fulfill(json=listed))
    page.route("**/tags?prefix=java&*", hold)
    page.keyboard.press("/")
    page.keyboard.type("jav")
    expect(page.locator("#completions li")).to_have_count(2)
    with page.expect_request("**/tags?prefix=java&*"):
        page.keyboard.type("a")
    page.keyboard.press("ArrowDown")
    with page.expect_response("**/tags?prefix=java&*"):
        held[0].fulfill(json=[{"tag": "java-ee", "uses": 7}])
    page.keyboard.press("Enter")
    assert "javafx" in chosen(page)


def test_behind_the_most_uncertain_come_the_newest_that_are_not_scored_yet(page: Page) -> None:
    page.route("**/next?*order=uncertain*", lambda route: route.fulfill(status=204))
    page.reload()
    page.locator("#stage").wait_for(state="visible")
    page.unroute_all(behavior="ignoreErrors")
    expect(page.locator("#order")).to_have_value("uncertain")
