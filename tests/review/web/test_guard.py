"""Nobody comes in who is not signed in, and no change comes from elsewhere."""

import asyncio
import re
from datetime import timedelta

import pytest
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from review.web.access import SESSION_LASTS, NotSignedIn, disable, feed_key_of, set_token
from review.web.app import API, PAGES
from review.web.context import Context
from review.web.guard import OPEN, guard
from review.web.login_limit import MOST_IN_ALL, MOST_OF_AN_ADDRESS, WINDOW_SECONDS
from review.web.owner import OWNER
from tests.conftest import ManualClock
from tests.review.conftest import TOKEN, browser, log_in

BEARER = {"Authorization": f"Bearer {TOKEN}"}
WRONG = {"Authorization": "Bearer wrong"}


def routes() -> list[tuple[str, str]]:
    """(method, path) of every route that is not open, its parameters filled in."""
    every = [route for router in (*PAGES, *API) for route in router.routes]
    return [
        (method, re.sub(r"{(site|name|tag)[^}]*}", "stats", re.sub(r"{\w*id}", "1", route.path)))
        for route in every
        if isinstance(route, APIRoute) and route.path not in OPEN
        for method in route.methods or ()
    ]


def test_every_route_but_the_open_ones_is_closed(stranger: TestClient) -> None:
    for method, path in [*routes(), ("GET", "/"), ("GET", "/api/v1/openapi.json")]:
        answer = stranger.request(method, path)
        expected = 303 if method == "GET" and not path.startswith("/api/") else 401
        assert answer.status_code == expected, f"{method} {path}"


@pytest.mark.slow
def test_a_stranger_does_not_learn_what_there_is_not(stranger: TestClient) -> None:
    assert stranger.get("/no-such-page").headers["location"] == "/login?next=/no-such-page"
    assert stranger.get("/api/v1/none").status_code == 401


def test_every_change_needs_the_csrf_token(client: TestClient) -> None:
    del client.headers["X-CSRF-Token"]
    changes = [(method, path) for method, path in routes() if method not in ("GET", "HEAD")]
    for method, path in changes:
        assert client.request(method, path).status_code == 403, f"{method} {path}"
    assert changes


def test_a_page_leads_to_the_login_and_back(stranger: TestClient) -> None:
    assert stranger.get("/?tag=c%2B%2B").headers["location"] == "/login?next=/%3Ftag%3Dc%252B%252B"


def test_the_api_answers_401_in_json(stranger: TestClient) -> None:
    answer = stranger.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Log in first."})
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_program_comes_in_by_a_bearer_token_and_needs_no_csrf_token(stranger: TestClient) -> None:
    assert stranger.get("/api/v1/openapi.json", headers=BEARER).status_code == 200
    assert stranger.post("/logout", headers=BEARER).status_code == 303


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic b3duZXI6eA==", "Bearer é"])
def test_a_wrong_token_opens_nothing(stranger: TestClient, header: str) -> None:
    answer = stranger.get("/api/v1/openapi.json", headers={b"Authorization": header.encode()})
    assert answer.status_code == 401


def test_a_disabled_reviewer_is_out_at_once(
    app: FastAPI, context: Context, clock: ManualClock
) -> None:
    with context.engine.begin() as connection:
        set_token(connection, "maria", "another-token-of-hers", now=clock.now())
    with browser(app) as client:
        log_in(client, "another-token-of-hers")
        assert client.get("/").headers["location"] == "/review"
        with context.engine.begin() as connection:
            assert disable(connection, "maria", now=clock.now())
        assert client.get("/").headers["location"].startswith("/login")


def test_a_session_lasts_from_its_last_use(client: TestClient, clock: ManualClock) -> None:
    for _ in range(3):
        clock.time += SESSION_LASTS - timedelta(days=2)
        assert client.get("/").headers["location"] == "/review"
    clock.time += SESSION_LASTS
    assert client.get("/").headers["location"].startswith("/login")


@pytest.mark.parametrize("path", ["/review", "/no-such-page", "/api/v1/openapi.json", "/login"])
def test_the_browser_keeps_the_cookie_as_long_as_the_session(
    client: TestClient, clock: ManualClock, path: str
) -> None:
    assert "set-cookie" not in client.get(path).headers
    clock.time += timedelta(days=2)
    cookie = client.get(path).headers["set-cookie"]
    assert f"={client.cookies.get('tagger_session_8080')};" in cookie
    assert f"Max-Age={int(SESSION_LASTS.total_seconds())}" in cookie
    assert "HttpOnly" in cookie
    assert "set-cookie" not in client.get(path).headers


def test_signing_out_is_not_undone_by_a_renewal(client: TestClient, clock: ManualClock) -> None:
    clock.time += timedelta(days=2)
    assert "Max-Age=0" in client.post("/logout").headers["set-cookie"]
    assert not client.cookies


def test_after_so_many_wrong_tokens_a_further_one_waits(
    stranger: TestClient, clock: ManualClock
) -> None:
    for _ in range(MOST_OF_AN_ADDRESS):
        assert stranger.get("/login?token=wrong").status_code == 403
    for answer in (
        stranger.get("/login?token=wrong"),
        stranger.get("/api/v1/openapi.json", headers=WRONG),
        stranger.get("/feeds/suggested.atom?key=wrong"),
    ):
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
    clock.time += timedelta(days=1)  # somebody sets it
    assert stranger.get("/login?token=wrong").status_code == 429
    clock.sleep(WINDOW_SECONDS)
    assert stranger.get("/login?token=wrong").status_code == 403


def test_wrong_tokens_do_not_shut_a_right_one_out(
    stranger: TestClient, context: Context, clock: ManualClock
) -> None:
    for number in range(MOST_IN_ALL):
        context.login_limit.count_failure(str(number), clock.monotonic())
    for _ in range(MOST_OF_AN_ADDRESS):
        stranger.get("/api/v1/openapi.json", headers=WRONG)
        stranger.get("/feeds/suggested.atom?key=wrong")
    with context.engine.connect() as connection:
        key = feed_key_of(connection, OWNER)
    assert stranger.get("/api/v1/openapi.json", headers=BEARER).status_code == 200
    assert stranger.get(f"/feeds/suggested.atom?key={key}").status_code not in (401, 403, 429)
    assert stranger.get("/login", params={"token": TOKEN}).status_code == 303


def test_a_scraper_with_an_old_token_is_not_counted(stranger: TestClient) -> None:
    for _ in range(MOST_OF_AN_ADDRESS + 1):
        assert stranger.get("/metrics", headers=WRONG).status_code in (303, 401)
    assert stranger.get("/login?token=wrong").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_a_change_that_another_site_s_page_asks_for_is_refused(
    client: TestClient, headers: dict[str, str]
) -> None:
    assert client.post("/logout", headers=headers).status_code == 403
    assert client.post("/login", headers=headers, data={"token": TOKEN}).status_code == 403


def test_a_form_hands_the_csrf_token_in_by_a_field(client: TestClient) -> None:
    token = client.headers.pop("X-CSRF-Token")
    assert client.post("/logout", data={"csrf_token": "wrong"}).status_code == 403
    assert client.post("/logout", json={"csrf_token": token}).status_code == 403
    assert client.post("/logout", data={"csrf_token": token}).status_code == 303


def test_a_host_does_not_make_a_path_an_open_one(app: FastAPI) -> None:
    headers = [(b"host", b"127.0.0.1/login?")]
    scope = {"type": "http", "app": app, "method": "GET", "path": "/review", "headers": headers}
    request = Request({**scope, "query_string": b"", "scheme": "http"})
    with pytest.raises(NotSignedIn):
        asyncio.run(guard(request))
