"""What a request is told that cannot be answered."""

import logging

import pytest
from fastapi import FastAPI, Query
from fastapi.testclient import TestClient

from core.errors import DatabaseUnreachable, TaggerError, UnknownSite
from tests.review.conftest import ADDRESS, TOKEN, log_in


@pytest.fixture
def failing(app: FastAPI) -> TestClient:
    """A browser of a service with routes that fail."""

    def fail(kind: str) -> str:
        kinds = {
            "away": DatabaseUnreachable("It is away."),
            "site": UnknownSite("No such site."),
            "other": TaggerError("Something of ours."),
            "bug": ValueError("secret detail"),
        }
        raise kinds[kind]

    def number(n: int = Query(ge=1)) -> int:
        return n

    app.get("/fail/{kind}")(fail)
    app.get("/api/fail/{kind}")(fail)
    app.get("/api/number")(number)
    client = TestClient(
        app, base_url=ADDRESS, follow_redirects=False, raise_server_exceptions=False
    )
    log_in(client, TOKEN)
    return client


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [
        ("away", 503, "It is away."),
        ("site", 404, "No such site."),
        ("other", 500, "Something of ours."),
        ("bug", 500, "Something went wrong here; the log says what."),
    ],
)
def test_people_get_a_page_and_programs_json(
    failing: TestClient, kind: str, status: int, says: str
) -> None:
    page = failing.get(f"/fail/{kind}")
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert says in page.text
    answer = failing.get(f"/api/fail/{kind}")
    assert (answer.status_code, answer.json()) == (status, {"detail": says})
    assert "content-security-policy" in answer.headers


def test_what_nobody_expected_is_logged_and_not_shown(
    failing: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert "secret detail" not in failing.get("/fail/bug").text
    assert "secret detail" in caplog.text


def test_a_wrong_value_is_named_in_one_line(failing: TestClient) -> None:
    answer = failing.get("/api/number", params={"n": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "n: should be a whole number, but is 'x'"


def test_there_is_a_page_for_what_there_is_not(failing: TestClient) -> None:
    answer = failing.get("/no-such-page")
    assert answer.status_code == 404
    assert "Not Found" in answer.text
    assert failing.get("/api/v1/none").json() == {"detail": "Not Found"}
