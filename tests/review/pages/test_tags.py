from threading import Event
from typing import Any, NoReturn

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from core.questions.tags.synonyms import store_synonyms
from core.questions.tags.wikis import Excerpt, store_wikis
from review.pages import tags
from review.tags.overview import MonthlyUses, tags_of, uses_by_month
from review.web.context import Context
from review.web.memo import NotYet
from tests.conftest import ManualClock
from tests.review.rows import predict_rows
from tests.rows import question, store_questions

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def counted(
    sqlite_engine: Engine, clock: ManualClock, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred tags, one with a hostile name, and one that implies another; they are counted."""
    predict_rows(sqlite_engine, {1: {"regression": 0.9}}, now=clock.now())
    many = [
        question(n, author_tags=(f"tag-{n}", "c#", "c"), created_at=clock.now())
        for n in range(2, 200)
    ]
    some = [question(n, author_tags=("c",)) for n in range(200, 250)]
    hostile = question(999, author_tags=(HOSTILE, "i/o"))
    store_questions(sqlite_engine, *many, *some, hostile, now=clock.now())
    tags_of(context, "stats")
    monkeypatch.setattr(tags, "COUNT_WAIT", None)  # as long as it takes


def test_pages_lead_through_all_tags(client: TestClient) -> None:
    first, second, third = (client.get("/tags", params={"page": n}).text for n in (1, 2, 3))
    assert 'rel="next"' in first
    assert 'rel="prev"' in second
    assert 'rel="next"' not in third
    assert all(f">tag-{n}</a>" in first + second + third for n in range(2, 200))
    assert first.index(">c</a>") < first.index(">tag-10</a>")


def test_a_part_of_the_name_finds_tags(client: TestClient) -> None:
    page = client.get("/tags", params={"q": "TAG-19", "sort": "name"}).text
    assert "11 tags;" in page
    assert "No tag has this in its name." in client.get("/tags", params={"q": "nonesuch"}).text


def test_implied_tags_stand_there_with_their_evidence(client: TestClient) -> None:
    page = client.get("/tags").text
    assert "Implied tags" in page
    assert ">c#</a></td><td>" in page
    told = client.get("/api/v1/tags/relations", params={"site": "stats"}).json()
    assert told["implications"][0]["parent"] == "c"
    assert told["implications"][0]["confidence"] == 1


def test_a_tag_has_a_page_with_its_use_over_time(client: TestClient) -> None:
    page = client.get("/tags/stats/c%23").text
    assert "<h1>c#" in page
    assert "Questions a month whose author gave it, 2026-01-01 to 2026-01-01." in page
    assert "/browse?site=stats&amp;tag=c%23" in page
    assert client.get("/tags/stats/none-such").status_code == 404
    assert "<h1>i/o" in client.get("/tags/stats/i%2Fo").text
    client.get("/api/v1/tags", params={"site": "none-such"})  # counts them
    assert client.get("/tags/none-such/c").status_code == 404


def test_a_tag_s_page_says_what_the_site_says_of_it_and_what_it_was_called(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    said = {"c#": Excerpt("A language & <b>more</b>.")}
    with sqlite_engine.begin() as connection:
        store_wikis(connection, "stats", ["c#", "c"], said, now=clock.now())
        store_synonyms(connection, "stats", {"tag-9": "c#"}, now=clock.now())
    page = client.get("/tags/stats/c%23").text
    assert "A language &amp; &lt;b&gt;more&lt;/b&gt;." in page
    assert "renamed or merged: <a" in page
    assert ">tag-9</a>" in page
    renamed = client.get("/tags/stats/tag-9").text
    assert '/tags/stats/c%23">c#</a>. Models learn it as that one' in renamed
    assert "What the site says" not in client.get("/tags/stats/c").text


def test_a_tag_s_page_waits_for_no_long_count(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, count = Event(), uses_by_month

    def count_late(*given: Any, **named: Any) -> MonthlyUses:
        counted.wait(30)
        return count(*given, **named)

    monkeypatch.setattr(tags, "COUNT_WAIT", 0.01)
    monkeypatch.setattr(tags, "uses_by_month", count_late)
    page = client.get("/tags/stats/c%23").text
    assert "<h1>c#" in page
    assert "are being counted" in page
    assert "/again.js" in page
    counted.set()
    monkeypatch.setattr(tags, "COUNT_WAIT", None)
    page = client.get("/tags/stats/c%23").text
    assert "Questions a month" in page
    assert "/again.js" not in page


def test_to_look_again_at_what_is_being_counted_leads_to_what_was_asked_for(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(*_: Any, **__: Any) -> NoReturn:
        raise NotYet

    monkeypatch.setattr(tags, "tags_of", count)
    for address in ("/tags?site=stats&q=c", "/tags/stats/c"):
        page = client.get(address, follow_redirects=False)
        assert page.status_code == 200
        assert 'are being counted. <a href="">Look again</a>' in page.text
        assert "/again.js" in page.text  # by itself, too


def test_a_tag_that_there_is_not_is_told_with_the_near_ones(client: TestClient) -> None:
    refused = client.get("/tags/stats/regresion")
    assert refused.status_code == 404
    assert "(near matches: regression)" in refused.text


def test_a_hostile_tag_is_a_text(client: TestClient) -> None:
    page = client.get("/tags", params={"q": "script"}).text
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_a_tag_is_blocked_and_unblocked_on_its_page(client: TestClient) -> None:
    form = {"csrf_token": client.headers["X-CSRF-Token"], "tag": "c#"}
    assert "Never suggest it" in client.get("/tags/stats/c%23").text
    done = client.post("/tags/stats/blocked", data=form | {"blocked": "yes"})
    assert (done.status_code, done.headers["location"]) == (303, "/tags/stats/c%23")
    page = client.get("/tags/stats/c%23").text
    assert "Suggest it again" in page
    assert client.get("/api/v1/sites/stats/blocked-tags").json() == ["c#"]
    assert ">blocked</span>" in client.get("/tags", params={"q": "c#"}).text  # at once, too
    for wrong in ({"blocked": "maybe"}, {"tag": "c c", "blocked": "no"}):
        assert client.post("/tags/stats/blocked", data=form | wrong).status_code == 422
    client.post("/tags/stats/blocked", data=form | {"blocked": "no"})
    assert client.get("/api/v1/sites/stats/blocked-tags").json() == []
    assert "Never suggest it" in client.get("/tags/stats/c%23").text
    del client.headers["X-CSRF-Token"]
    forged = {"tag": "c#", "blocked": "yes"}
    assert client.post("/tags/stats/blocked", data=forged).status_code == 403


def test_programs_get_pages_of_tags(client: TestClient) -> None:
    query: dict[str, str | int] = {"site": "stats", "limit": 3, "after": "tag-1"}
    told = client.get("/api/v1/tags", params=query).json()
    assert [one["tag"] for one in told] == ["tag-10", "tag-100", "tag-101"]
    regression = client.get("/api/v1/tags", params={"site": "stats", "after": "reg"}).json()[0]
    assert (regression["suggested"], regression["precision"]) == (1, 1.0)
