import uuid
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.rows import predict_rows

API = "/api/v1/review"


@pytest.fixture(autouse=True)
def thirty(context: Context, clock: ManualClock) -> None:
    predicted = {number: {"anova": 0.9} for number in range(30)}
    predict_rows(context.engine, predicted, now=clock.now())


def test_a_bulk_verdict_is_previewed_saved_and_undone(client: TestClient) -> None:
    said = {"filter": {"site": "stats"}, "tag": "anova", "verdict": "accepted"}
    preview = client.post(f"{API}/bulk/preview", json=said).json()
    assert (preview["count"], preview["too_many"], len(preview["questions"])) == (30, False, 20)
    assert preview["questions"][0]["suggestions"] == [
        {"tag": "anova", "probability": 0.9, "suggested": True}
    ]
    sent = said | {"request_id": str(uuid.uuid4())}
    answers = [client.post(f"{API}/bulk", json=sent).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["count"] == 30
    undone = client.post(f"{API}/undo").json()
    assert (undone["question_id"], undone["action"]["kind"]) == (None, "bulk")
    assert client.post(f"{API}/bulk/preview", json=said).json()["count"] == 30


def test_a_preview_s_titles_come_drawn_and_many_questions_have_none(
    context: Context, client: TestClient, clock: ManualClock
) -> None:
    given = {30: {"r": 0.9}}
    predict_rows(context.engine, given, now=clock.now(), titles={30: "<b> $x^2$"})
    said = {"filter": {"site": "stats", "suggested": "r"}, "tag": "r", "verdict": "accepted"}
    (shown,) = client.post(f"{API}/bulk/preview", json=said).json()["questions"]
    assert shown["title_html"].startswith('&lt;b&gt; <math display="inline">')
    client.post(f"{API}/bulk", json=said | {"request_id": str(uuid.uuid4())})
    (bulk,) = client.get(f"{API}/history").json()["actions"]
    assert bulk["title_html"] is None


def test_a_bulk_verdict_s_tags_are_found_however_they_are_written(client: TestClient) -> None:
    said = {"filter": {"site": "stats", "suggested": "Anova"}, "verdict": "accepted"}
    preview = client.post(f"{API}/bulk/preview", json=said | {"tag": " ANOVA"}).json()
    assert (preview["tag"], preview["count"]) == ("anova", 30)
    sent = said | {"tag": "ANOVA", "request_id": str(uuid.uuid4())}
    assert client.post(f"{API}/bulk", json=sent).json()["count"] == 30
    wrong = {"two words": "a tag has no spaces", "x" * 101: "should have 100 characters at most"}
    for tag, why in wrong.items():
        none = client.post(f"{API}/bulk/preview", json=said | {"tag": tag})
        assert (none.status_code, none.json()["detail"]) == (422, f"tag: {why}")


def test_a_bulk_verdict_names_a_site(client: TestClient) -> None:
    said = {"filter": {}, "tag": "anova", "verdict": "accepted"}
    answer = client.post(f"{API}/bulk/preview", json=said)
    assert (answer.status_code, answer.json()["detail"][:11]) == (422, "filter.site")


def test_saved_filters(client: TestClient) -> None:
    values = {"site": "stats", "order": "disputed", "min_probability": 0.5, "q": "question 7"}
    assert client.put(f"{API}/filters/mine", json=values).status_code == 204
    (saved,) = client.get(f"{API}/filters").json()
    assert {name: value for name, value in saved.items() if value is not None} == values | {
        "name": "mine"
    }
    assert client.get(f"{API}/next", params={"saved_filter": "mine"}).status_code == 204
    found = client.get(f"{API}/next", params={"saved_filter": "mine", "order": "newest"})
    assert (found.json()["question_id"], found.json()["queue"]["left"]) == (7, None)
    assert client.delete(f"{API}/filters/mine").status_code == 204
    assert client.delete(f"{API}/filters/mine").status_code == 404


def test_a_saved_filter_s_name_may_hold_slashes(client: TestClient) -> None:
    for name in ("a/b", "/a//b/"):
        address = f"{API}/filters/{quote(name, safe='')}"
        assert client.put(address, json={"author": "regression"}).status_code == 204
        assert [one["name"] for one in client.get(f"{API}/filters").json()] == [name]
        chosen = {"saved_filter": name}
        assert client.get(f"{API}/next", params=chosen).json()["author_tags"] == ["regression"]
        assert client.delete(address).status_code == 204
