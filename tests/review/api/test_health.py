from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, text

from core.settings import Settings
from review.metrics.families import FAMILIES
from review.web.app import make_app
from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.conftest import browser

METRICS_TOKEN = "a-token-for-prometheus"


def with_token(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def prometheus(sqlite_engine: Engine, clock: ManualClock, tmp_path: Path) -> TestClient:
    """A program that nobody has logged in, at a service with a token for metrics."""
    settings = Settings(data_dir=tmp_path, metrics_token=SecretStr(METRICS_TOKEN))
    return browser(make_app(Context(settings, sqlite_engine, clock)))


def test_health_needs_no_login_and_tells_nothing(
    stranger: TestClient, sqlite_engine: Engine
) -> None:
    assert stranger.get("/healthz").json() == {"status": "ok"}
    assert stranger.get("/readyz").json() == {"status": "ready"}
    with sqlite_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})


def test_who_asks_whether_it_lives_is_never_shut_out(stranger: TestClient) -> None:
    wrong = {"Authorization": "Bearer of-somebody-else-s-probe"}
    for _ in range(12):
        assert stranger.get("/healthz", headers=wrong).status_code == 200
    assert stranger.post("/login", data={"token": "wrong"}).status_code == 403  # not one too many


def test_a_database_that_is_away_is_not_ready(clock: ManualClock, tmp_path: Path) -> None:
    from core.database.engine import make_engine

    engine = make_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    app = make_app(Context(Settings(data_dir=tmp_path), engine, clock))
    answer = browser(app).get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})


@pytest.mark.slow
def test_metrics_are_for_their_token_and_for_reviewers(
    prometheus: TestClient, client: TestClient
) -> None:
    assert prometheus.get("/metrics").status_code == 303
    assert prometheus.get("/metrics", headers=with_token("wrong")).status_code == 303
    answer = prometheus.get("/metrics", headers=with_token(METRICS_TOKEN))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert client.get("/metrics").status_code == 200


@pytest.mark.slow
def test_the_token_of_metrics_opens_nothing_else_and_is_never_shut_out(
    prometheus: TestClient,
) -> None:
    headers = with_token(METRICS_TOKEN)
    assert prometheus.get("/api/v1/openapi.json", headers=headers).status_code == 401
    assert {prometheus.get("/metrics", headers=headers).status_code for _ in range(30)} == {200}


@pytest.mark.slow
def test_metrics_name_every_family(prometheus: TestClient) -> None:
    told = prometheus.get("/metrics", headers=with_token(METRICS_TOKEN)).text
    for name, family in FAMILIES.items():
        assert f"# HELP {name} {family.help}" in told
    assert "tagger_broker_up 0.0" in told
