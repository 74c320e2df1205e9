import gzip
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

from core.database.api_tables import ApiClient, FeedRow
from core.database.tables import Drift, LiveAgreement, ModelVersion, TrainingRun
from review.metrics.broker import BrokerState
from review.pages import service
from tests.conftest import ManualClock
from tests.review.rows import predict_rows
from tests.rows import give_signs

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture(autouse=True)
def stored(sqlite_engine: Engine, clock: ManualClock) -> None:
    """A site with a drifting version, a feed that fails, and a run with a report."""
    predict_rows(sqlite_engine, {1: {"r": 0.9}}, now=clock.now())
    now = clock.now()
    with sqlite_engine.begin() as connection:
        version = connection.execute(ModelVersion.__table__.select()).one().id
        drift = {"model_version_id": version, "found_at": now, "description": HOSTILE}
        connection.execute(insert(Drift).values(drift))
        day = {"model_version_id": version, "site": "stats", "day": now.date(), "questions": 10}
        sums = {"first_hits": 7, "recall_at_5_sum": 6.0, "without_suggestion": 1}
        connection.execute(insert(LiveAgreement).values(day | sums))
        feed = {"site": "stats", "feed": "live", "failures": 4, "last_error": HOSTILE}
        feed |= {"last_success": now - timedelta(hours=3), "fetched": 5}
        connection.execute(insert(FeedRow).values(feed))
        quota = {"client": "api", "quota_max": 300, "quota_remaining": 12, "quota_at": now}
        connection.execute(insert(ApiClient).values(quota))
        report = gzip.compress(b"<style>p{}</style><script>1</script>")
        run = {"site": "stats", "started_at": now, "outcome": "failed", "error": HOSTILE}
        connection.execute(insert(TrainingRun).values(run | {"report": report}))


def test_a_page_that_the_broker_has_not_answered_yet_looks_again_by_itself(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_new in (True, False):
        told = BrokerState("It has not answered.", is_new=is_new)
        monkeypatch.setattr(service, "look_at_broker", lambda *_, told=told, **__: told)
        page = client.get("/service?site=stats").text
        assert "It has not answered." in page
        assert ("/again.js" in page) == is_new


def test_the_page_tells_how_the_site_is_doing(client: TestClient) -> None:
    page = client.get("/service?site=stats").text
    assert "Version 1 drifts." in page
    assert "3 h 0 min ago" in page
    assert "failed 4 times" in page
    assert "12 of 300 requests left" in page
    assert "version 1: last 70.0%" in page
    assert 'href="/service/runs/1"' in page


@pytest.mark.slow
def test_the_last_signs_are_those_of_the_database(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    give_signs(sqlite_engine, {"tagging@a": 20, "scheduler@a": 4_000}, now=clock.now())
    page = client.get("/service").text
    assert '<th scope="row">tagging@a</th><td>20 s ago</td><td><span class="tag good">' in page
    assert (
        '<th scope="row">scheduler@a</th><td>1 h 6 min ago</td><td><span class="tag bad">' in page
    )
    told = client.get("/api/v1/service", params={"site": "stats"}).json()["workers"]
    assert list(told) == ["tagging@a", "scheduler@a"]


def test_hostile_texts_are_texts(client: TestClient) -> None:
    page = client.get("/service").text
    assert page.count("&lt;script&gt;alert(1)") == 3
    assert "<script>alert" not in page


def test_a_report_is_shut_off_from_the_page(client: TestClient, stranger: TestClient) -> None:
    frame = client.get("/service/runs/1")
    assert 'sandbox="allow-scripts"' in frame.text
    assert "frame-src 'self'" in frame.headers["content-security-policy"]
    report = client.get("/service/runs/1/report")
    assert report.text.startswith("<style>")
    policy = report.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none';")
    assert "allow-same-origin" not in policy
    assert client.get("/service/runs/2").status_code == 404
    assert client.get("/service/runs/2/report").status_code == 404
    assert stranger.get("/service/runs/1/report").status_code == 303


@pytest.mark.slow
def test_programs_are_told_the_same(client: TestClient) -> None:
    told = client.get("/api/v1/service", params={"site": "stats"}).json()
    assert told["site"]["tagged"] == 1
    assert told["feeds"][0]["failures"] == 4
    assert told["agreement"][0]["precision_at_1"] == 0.7
    assert told["runs"][0]["has_report"] is True
    assert client.get("/api/v1/service", params={"site": "none-such"}).status_code == 404
