"""Who is signed in."""

from fastapi.testclient import TestClient

from tests.review.conftest import csrf_token


def test_it_hands_out_the_session_s_csrf_token(client: TestClient) -> None:
    answer = client.get("/api/v1/session").json()
    assert answer == {"reviewer": "owner", "csrf_token": csrf_token(client)}


def test_a_stranger_gets_none(stranger: TestClient) -> None:
    assert stranger.get("/api/v1/session").status_code == 401
