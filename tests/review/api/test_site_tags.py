from threading import Event

import pytest
from fastapi.testclient import TestClient

from review.api import site_tags
from review.decisions.site_tags import SiteTag
from review.web.context import Context
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.processes import wait_until
from tests.review.rows import predict_rows
from tests.rows import publish_live


def test_tags_are_completed_and_blocked(
    context: Context, clock: ManualClock, client: TestClient
) -> None:
    predict_rows(context.engine, {1: {"anova": 0.9, "c++": 0.1}}, now=clock.now())
    tags = "/api/v1/sites/stats/tags"
    assert client.get(tags, params={"prefix": "reg"}).json() == [{"tag": "regression", "uses": 1}]
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


def test_all_that_the_live_version_knows_is_completed(
    context: Context, clock: ManualClock, client: TestClient
) -> None:
    """Its rarest label too, which no stored question has or is given."""
    publish_live(context.engine, word_bundle(), now=clock.now())
    predict_rows(context.engine, {1: {"anova": 0.9}}, now=clock.now())
    asked = {"prefix": "t"}
    tags = "/api/v1/sites/stats/tags"

    def completed() -> list[dict[str, object]]:
        return list(client.get(tags, params=asked).json())

    wait_until(lambda: len(completed()) == 2, seconds=20, what="the bundle is read")
    assert completed() == [{"tag": "t-test", "uses": 0}, {"tag": "time-series", "uses": 0}]


def test_a_label_that_comes_into_use_is_completed_once(
    context: Context, clock: ManualClock, client: TestClient
) -> None:
    publish_live(context.engine, word_bundle(), now=clock.now())
    predict_rows(context.engine, {1: {"anova": 0.9}}, now=clock.now())
    tags = "/api/v1/sites/stats/tags"

    def completed() -> list[dict[str, object]]:
        return list(client.get(tags, params={"prefix": "time"}).json())

    wait_until(lambda: len(completed()) == 1, seconds=20, what="the bundle is read")
    context.memo.get(("site tags", "stats"), -1, lambda: [SiteTag("time-series", 1)])  # anew
    in_use = [{"tag": "time-series", "uses": 1}]
    wait_until(lambda: completed() == in_use, seconds=20, what="it is completed by its use alone")


def test_who_types_waits_for_no_bundle(
    context: Context, clock: ManualClock, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_live(context.engine, word_bundle(), now=clock.now())
    predict_rows(context.engine, {1: {"anova": 0.9}}, now=clock.now())
    ending = Event()
    monkeypatch.setattr(site_tags, "read_manifest", lambda *_: ending.wait(20) and None)
    found = client.get("/api/v1/sites/stats/tags").json()
    assert found == [{"tag": "regression", "uses": 1}]
    ending.set()
