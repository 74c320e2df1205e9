from fastapi.testclient import TestClient

from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_tags_are_completed_and_blocked(
    context: Context, clock: ManualClock, client: TestClient
) -> None:
    predict_rows(context.engine, {1: {"anova": 0.9, "c++": 0.1}}, now=clock.now())
    tags = "/api/v1/sites/stats/tags"
    assert client.get(tags, params={"prefix": "reg"}).json() == [{"tag": "regression", "uses": 1}]
    assert len(client.get(tags).json()) == 3
    assert client.get("/api/v1/sites/nowhere/tags").status_code == 404
    blocked = "/api/v1/sites/stats/blocked-tags"
    assert client.post(blocked, json={"tag": "c++"}).status_code == 204
    assert client.get(blocked).json() == ["c++"]
    question = client.get("/api/v1/review/questions/stats/1").json()
    assert [one["tag"] for one in question["suggestions"]] == ["anova"]
    assert client.delete(f"{blocked}/c%2B%2B").status_code == 204
    assert client.get(blocked).json() == []


def test_a_tag_with_a_slash_is_unblocked(
    context: Context, clock: ManualClock, client: TestClient
) -> None:
    predict_rows(context.engine, {1: {"i/o": 0.9}}, now=clock.now())
    blocked = "/api/v1/sites/stats/blocked-tags"
    assert client.post(blocked, json={"tag": "i/o"}).status_code == 204
    assert client.delete(f"{blocked}/i%2Fo").status_code == 204
    assert client.get(blocked).json() == []
