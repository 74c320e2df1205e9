"""Logging in and signing out."""

import pytest
from fastapi.testclient import TestClient

from review.web.access import set_token
from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.conftest import TOKEN


def test_the_link_sets_a_cookie_that_no_script_reads_and_hides_the_token(
    stranger: TestClient,
) -> None:
    answer = stranger.get("/login", params={"token": TOKEN, "next": "/browse?x=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/browse?x=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert TOKEN not in cookie


def test_the_cookie_is_secure_where_the_page_is(stranger: TestClient) -> None:
    answer = stranger.get(f"https://127.0.0.1:8080/login?token={TOKEN}")
    assert "Secure" in answer.headers["set-cookie"]


def test_the_form_logs_in(stranger: TestClient) -> None:
    answer = stranger.post("/login", data={"token": f" {TOKEN} ", "next": "/tags"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/tags")


def test_a_wrong_token_is_told_so(stranger: TestClient) -> None:
    answer = stranger.post("/login", data={"token": "wrong"})
    assert answer.status_code == 403
    assert "This token logs nobody in." in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "x", "", "/a\nb"]
)
def test_no_link_leads_elsewhere(stranger: TestClient, target: str) -> None:
    answer = stranger.get("/login", params={"token": TOKEN, "next": target})
    assert answer.headers["location"] == "/review"


def test_signing_out_ends_the_session(client: TestClient) -> None:
    cookies = dict(client.cookies)
    assert client.post("/logout").status_code == 303
    client.cookies.update(cookies)
    assert client.get("/").headers["location"].startswith("/login")


def test_a_link_does_not_take_the_browser_from_another_reviewer(
    client: TestClient, context: Context, clock: ManualClock
) -> None:
    with context.engine.begin() as connection:
        set_token(connection, "mallory", "mallory-s-own-token", now=clock.now())
    link = {"token": "mallory-s-own-token", "next": "/tags"}
    answer = client.get("/login", params=link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Ftags")
    assert "set-cookie" not in answer.headers
    assert "logged in as owner" in client.get(answer.headers["location"]).text
    assert client.get("/login", params={"token": TOKEN}).headers["location"] == "/review"
    assert client.post("/login", data=link).headers["location"] == "/tags"
    assert "logged in as mallory" in client.get("/login").text
