"""What stands around every answer."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from review.web.headers import MOST_BYTES, content_security_policy, is_own_host
from tests.review.conftest import ADDRESS, TOKEN, browser

MANY = 1_000  # pieces of a download
PATHS = ("/login", "/review", "/no-such-page", "/static/app.css", "/api/v1/openapi.json", "/")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_browser_s_rules(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == content_security_policy(images=False)
    assert headers["x-content-type-options"] == "nosniff"
    # A stricter one takes the Origin from the page's own forms.
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] in ("no-store", "no-cache")


@pytest.mark.parametrize("path", ["/healthz", "/browse", "/static/app.css", "/api/v1/session"])
def test_head_is_answered_as_get_is(client: TestClient, stranger: TestClient, path: str) -> None:
    asked, told = client.get(path), client.head(path)
    assert (told.status_code, told.headers["content-type"]) == (200, asked.headers["content-type"])
    as_get = stranger.get(path).status_code
    assert stranger.head(path).status_code == as_get


def test_head_ends_where_a_download_begins(app: FastAPI) -> None:
    sent: list[bytes] = []

    def endless() -> Iterator[bytes]:
        while len(sent) < MANY:
            sent.append(b"x")
            yield sent[-1]

    app.router.add_route("/static-download", lambda _: StreamingResponse(endless()))
    with TestClient(app, base_url=ADDRESS) as client:
        answer = client.head("/static-download")
    assert (answer.status_code, answer.content) == (200, b"")
    assert len(sent) < MANY


def test_the_policy_lets_nothing_in_but_this_service_s_own_files() -> None:
    policy = dict(part.split(" ", 1) for part in content_security_policy(images=False).split("; "))
    assert policy.pop("default-src") == "'none'"
    assert policy.pop("frame-ancestors") == policy.pop("base-uri") == "'none'"
    assert set(policy.values()) == {"'self'"}
    assert "img-src 'self' https: http:;" in content_security_policy(images=True)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8080", True),
        ("[::1]:8080", True),
        ("192.168.1.4", True),
        ("localhost:8080", True),
        ("LOCALHOST", True),
        ("evil.example:8080", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
        ("[::1", False),
        ("127.0.0.1/login?", False),
        ("127.0.0.1?x", False),
        ("127.0.0.1#x", False),
        ("evil.example@127.0.0.1", False),
        ("127.0.0.1\\x", False),
    ],
)
def test_a_name_that_is_not_its_own_is_refused(host: str, own: bool) -> None:
    assert is_own_host(host, ["localhost"]) == own


def test_a_page_elsewhere_cannot_point_its_name_here(client: TestClient) -> None:
    answer = client.get("/login", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "content-security-policy" in answer.headers


def test_a_body_is_bounded_whether_it_says_its_length_or_not(app: FastAPI) -> None:
    with TestClient(app, base_url=ADDRESS, raise_server_exceptions=False) as client:
        body = b"x" * (MOST_BYTES + 1)
        assert client.post("/login", content=body).status_code == 413
        pieces = (body[: 2**20] for _ in range(9))
        assert client.post("/login", content=pieces).status_code == 413
        assert client.get("/login", headers={"Content-Length": "x"}).status_code == 413


@pytest.mark.parametrize("path", ["/echo", "/api/echo"])
def test_a_body_in_pieces_is_refused_wherever_it_is_read(app: FastAPI, path: str) -> None:
    def echo(given: dict[str, str]) -> dict[str, str]:
        return given

    app.post(path)(echo)
    pieces = (b"x" * 2**20 for _ in range(9))
    with browser(app) as client:
        answer = client.post(path, content=pieces, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 413
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("pieces", [False, True])
def test_a_body_of_json_is_counted_before_anybody_parses_it(app: FastAPI, pieces: bool) -> None:
    """A stranger's too: it is parsed before the guard is asked."""
    body = b'{"site": [' + b"[]," * 300_000 + b"1]}"
    content = iter([body[:1000], body[1000:]]) if pieces else body
    headers = {"Content-Type": "application/json"}
    with browser(app) as client:
        answer = client.post("/api/v1/suggest", content=content, headers=headers)
    assert answer.status_code == 413
    assert answer.json() == {"detail": "It holds more than 100,000 values, as nothing honest has."}
    assert "content-security-policy" in answer.headers


def test_a_body_of_json_in_pieces_is_read_whole(app: FastAPI) -> None:
    def echo(given: dict[str, str]) -> dict[str, str]:
        return given

    app.post("/api/echo")(echo)
    sent = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with browser(app) as client:
        pieces = iter([b'{"a"', b': "b', b'"}'])
        assert client.post("/api/echo", content=pieces, headers=sent).json() == {"a": "b"}
        too_long = (b"x" * 2**20 for _ in range(9))
        assert client.post("/api/echo", content=too_long, headers=sent).status_code == 413
