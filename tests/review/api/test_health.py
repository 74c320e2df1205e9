"""Whether the service runs."""

from fastapi.testclient import TestClient


def test_anybody_may_ask_whether_it_runs(stranger: TestClient) -> None:
    assert stranger.get("/healthz").json() == {"status": "ok"}
