import gzip
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import pytest
import requests
import responses

from core.errors import ApiKeyRefused, ApiRefused, ApiThrottled, ApiUnreachable
from poller import client as module
from poller import values
from poller.client import ApiAnswer, ApiRequest, Client
from tests.conftest import ManualClock
from tests.core.parts.test_deadline import dripping

URL = "https://api.stackexchange.com/2.3"
KEY = "key((of*its-own"
REQUEST = ApiRequest("questions/unanswered", "stats", (("sort", "creation"), ("page", "1")))
GOOD: dict[str, Any] = {"items": [], "has_more": False, "quota_max": 300, "quota_remaining": 299}


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def make_client(clock: ManualClock, key: str | None = KEY) -> Client:
    return Client(requests.Session(), url=URL, key=key, clock=clock)


def fetch(api: responses.RequestsMock, clock: ManualClock, body: Any, **options: Any) -> ApiAnswer:
    raw = body if isinstance(body, bytes | Exception) else json.dumps(body).encode()
    api.get(f"{URL}/questions/unanswered", body=raw, **options)
    return make_client(clock).fetch(REQUEST)


def test_a_good_answer_tells_its_items_and_the_limits(
    api: responses.RequestsMock, clock: ManualClock
) -> None:
    answer = fetch(api, clock, GOOD | {"items": [{"a": 1}], "has_more": True, "backoff": 10})
    assert answer == ApiAnswer(
        items=({"a": 1},), has_more=True, backoff=10.0, quota_max=300, quota_remaining=299
    )


@pytest.mark.parametrize("named", [True, False])
def test_gzip_is_unpacked_whether_or_not_a_header_names_it(
    api: responses.RequestsMock, clock: ManualClock, named: bool
) -> None:
    headers = {"Content-Encoding": "gzip"} if named else {}
    packed = gzip.compress(json.dumps(GOOD).encode(), mtime=0)
    assert fetch(api, clock, packed, headers=headers).quota_remaining == 299


def test_requests_name_the_project_and_carry_the_key(
    api: responses.RequestsMock, clock: ManualClock
) -> None:
    fetch(api, clock, GOOD)
    sent = api.calls[0].request
    assert sent.headers["User-Agent"].startswith("question-tagger")
    assert dict(parse_qsl(urlsplit(str(sent.url)).query)) == {
        "site": "stats",
        "sort": "creation",
        "page": "1",
        "key": KEY,
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Stack Exchange</html>",
        b"\xff\xfe",
        b"[" * 100_000,
        gzip.compress(json.dumps(GOOD).encode(), mtime=0)[:-9],
        gzip.compress(b"x" * 1000, mtime=0)[:10] + b"garbage in place of deflate",
        [],
        None,
        {},
        GOOD | {"items": None},
        GOOD | {"items": {"1": {}}},
        GOOD | {"has_more": "no"},
    ],
)
def test_what_is_no_answer_is_told_apart_from_an_error_of_the_api(
    api: responses.RequestsMock, clock: ManualClock, body: Any
) -> None:
    with pytest.raises(ApiUnreachable, match="/questions/unanswered"):
        fetch(api, clock, body)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (requests.exceptions.ReadTimeout(f"?key={KEY}"), "no answer within 30 s"),
        (requests.exceptions.SSLError(f"?key={KEY}"), "certificate"),
        (requests.exceptions.ConnectionError(f"?key={KEY}"), "no connection"),
        (requests.exceptions.TooManyRedirects(f"?key={KEY}"), "TooManyRedirects"),
    ],
)
def test_a_lost_connection_is_one_line_without_the_key(
    api: responses.RequestsMock, clock: ManualClock, error: Exception, reason: str
) -> None:
    with pytest.raises(ApiUnreachable, match=reason) as caught:
        fetch(api, clock, error)
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_quota_and_backoff_of_wrong_types_are_taken_for_absent(
    api: responses.RequestsMock, clock: ManualClock
) -> None:
    odd = {"quota_max": "many", "quota_remaining": None, "backoff": "soon"}
    answer = fetch(api, clock, GOOD | odd)
    assert (answer.quota_max, answer.quota_remaining, answer.backoff) == (None, None, None)


@pytest.mark.parametrize("status", [200, 400, 502])
def test_a_throttle_violation_is_known_by_its_id_and_names_its_wait(
    api: responses.RequestsMock, clock: ManualClock, status: int
) -> None:
    message = "too many requests from this IP, more requests available in 67194 seconds"
    error = {"error_id": 502, "error_message": message, "error_name": "throttle_violation"}
    with pytest.raises(ApiThrottled, match="67194") as caught:
        fetch(api, clock, error, status=status)
    assert caught.value.seconds == 67194


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Thu, 01 Jan 2026 00:00:09 GMT", datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC)),
        *((date, None) for date in ("Fri, 31 Dec 9999 23:59:59 -0100", "soon", "")),
        ("Fri, 31 Dec 99999 00:00:00 GMT", None),
    ],
)
def test_an_answer_tells_when_it_was_sent(
    api: responses.RequestsMock, clock: ManualClock, date: str, moment: datetime | None
) -> None:
    assert fetch(api, clock, GOOD, headers={"Date": date}).sent_at == moment


def test_an_answers_date_without_a_zone_is_not_read_in_the_hosts(
    api: responses.RequestsMock, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC-5")
        time.tzset()
        answer = fetch(api, clock, GOOD, headers={"Date": "Thu, 01 Jan 2026 00:00:09 -0000"})
    time.tzset()
    assert answer.sent_at == datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC)


def test_a_wait_that_cannot_be_is_bounded(api: responses.RequestsMock, clock: ManualClock) -> None:
    message = "too many requests from this IP, more requests available in 999999999 seconds"
    error = {"error_id": 502, "error_message": message, "error_name": "throttle_violation"}
    with pytest.raises(ApiThrottled) as caught:
        fetch(api, clock, error, status=400)
    assert caught.value.seconds == 86_400


def test_cookies_are_not_kept(api: responses.RequestsMock, clock: ManualClock) -> None:
    api.get(f"{URL}/questions/unanswered", json=GOOD, headers={"Set-Cookie": "a=" + "x" * 60_000})
    client = make_client(clock)
    for _ in range(2):
        client.fetch(REQUEST)
    assert "Cookie" not in api.calls[1].request.headers


def test_a_violation_that_names_no_wait_leaves_it_open(
    api: responses.RequestsMock, clock: ManualClock
) -> None:
    error = {"error_id": 502, "error_message": "Violation of backoff", "error_name": "throttle"}
    with pytest.raises(ApiThrottled) as caught:
        fetch(api, clock, error, status=400)
    assert caught.value.seconds is None


def test_being_cut_off_in_html_counts_as_throttled(
    api: responses.RequestsMock, clock: ManualClock
) -> None:
    with pytest.raises(ApiThrottled) as caught:
        fetch(api, clock, b"<html>", status=429, headers={"Retry-After": "90"})
    assert caught.value.seconds == 90


def test_other_errors_keep_their_id_and_never_show_the_key(
    api: responses.RequestsMock, clock: ManualClock
) -> None:
    for spelling in (KEY, quote(KEY), quote_plus(KEY)):  # as a URL has it, that is quoted
        message = f"what is ?key={spelling}?"
        error = {"error_id": 400, "error_message": message, "error_name": "bad_parameter"}
        with pytest.raises(ApiRefused, match=r"key=\*\*\*.*bad_parameter") as caught:
            fetch(api, clock, error, status=400)
        assert caught.value.error_id == 400


@pytest.mark.parametrize(
    ("error_id", "message"),
    [(400, "`key` doesn't match a known application"), (405, "key required"), (403, "bad key")],
)
def test_a_key_that_is_revoked_is_told_apart(
    api: responses.RequestsMock, clock: ManualClock, error_id: int, message: str
) -> None:
    error = {"error_id": error_id, "error_message": message, "error_name": "no"}
    with pytest.raises(ApiKeyRefused, match=r"TAGGER_API_KEY.*correct or remove it"):
        fetch(api, clock, error, status=400)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"quota_max": 0, "quota_remaining": 10**30}, (None, 10_000_000)),
        ({"quota_max": -5, "quota_remaining": -5}, (None, 0)),
        ({"quota_max": True, "quota_remaining": 1.5}, (None, None)),
    ],
)
def test_a_quota_that_cannot_be_is_bounded(
    api: responses.RequestsMock,
    clock: ManualClock,
    told: dict[str, Any],
    read: tuple[int | None, int | None],
) -> None:
    answer = fetch(api, clock, GOOD | told | {"backoff": 10**12})
    assert (answer.quota_max, answer.quota_remaining) == read
    assert answer.backoff == 86_400


def test_an_answer_of_too_many_items_is_none(
    api: responses.RequestsMock, clock: ManualClock
) -> None:
    with pytest.raises(ApiUnreachable, match="holds 101 items; 100 at most were asked for"):
        fetch(api, clock, GOOD | {"items": [1] * 101})
    few = ApiRequest("questions", "stats", (("pagesize", "2"),))
    api.get(f"{URL}/questions", json=GOOD | {"items": [1] * 3})
    with pytest.raises(ApiUnreachable, match="holds 3 items; 2 at most"):
        make_client(clock).fetch(few)


@pytest.mark.parametrize(
    "items", [[[]] * 200_000, [1.5] * 200_000, [{str(i): 0 for i in range(200_000)}]]
)
def test_an_answer_of_which_too_much_would_become_is_not_parsed(
    api: responses.RequestsMock, clock: ManualClock, items: object
) -> None:
    """A few megabytes of gzip, of which 12 GB became."""
    packed = gzip.compress(json.dumps(GOOD | {"items": items}).encode(), mtime=0)
    with pytest.raises(ApiUnreachable, match="holds more than 100,000 values"):
        fetch(api, clock, packed)


def test_an_error_of_the_api_is_one_line_and_steers_no_terminal(
    api: responses.RequestsMock, clock: ManualClock
) -> None:
    forged = "no\n2026-01-01 00:00:00,000 ERROR poller: all is lost\x1b[2J\u202e"
    error = {"error_id": 400, "error_message": forged, "error_name": "a\r\nb"}
    with pytest.raises(ApiRefused) as caught:
        fetch(api, clock, error, status=400)
    assert str(caught.value).isprintable()
    assert caught.value.error_name == "a b"


def test_an_answer_that_is_too_long_is_given_up(
    api: responses.RequestsMock, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PACKED_BYTES", 1000)
    with pytest.raises(ApiUnreachable, match="exceeds"):
        fetch(api, clock, b"x" * 2000)


def test_an_answer_that_drips_is_given_up(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)
    beginning = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with dripping(beginning, drop=b" ") as url, requests.Session() as session:
        client = Client(session, url=url, clock=clock)
        with pytest.raises(ApiUnreachable, match=r"no whole answer within 0\.3 s"):
            client.fetch(REQUEST)


def test_an_answer_that_unpacks_to_too_much_is_given_up(
    api: responses.RequestsMock, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "MAX_BYTES", 1000)
    with pytest.raises(ApiUnreachable, match="limit"):
        fetch(api, clock, gzip.compress(b"0" * 2**20, mtime=0))


def test_a_connection_that_cannot_be_made_is_tried_again_at_once(clock: ManualClock) -> None:
    client = Client(requests.Session(), url="http://127.0.0.1:1/2.3", clock=clock)
    before = clock.now()
    with pytest.raises(ApiUnreachable, match="no connection"):
        client.fetch(REQUEST)
    assert clock.now() > before


def test_the_key_is_in_no_log_line(
    api: responses.RequestsMock, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "poller"):
        fetch(api, clock, GOOD)
    assert KEY not in caplog.text


def test_the_name_tells_keys_apart_and_shows_none(clock: ManualClock) -> None:
    names = {make_client(clock, key).name for key in (KEY, "another", None)}
    assert len(names) == 3
    assert not any(KEY in name for name in names)


def test_identical_requests_have_one_digest_whatever_the_order_of_parameters() -> None:
    one = ApiRequest("questions", "stats", (("a", "1"), ("b", "2")))
    other = ApiRequest("questions", "stats", (("b", "2"), ("a", "1")))
    assert one.digest() == other.digest()
    assert one.digest() != ApiRequest("questions", "cooking", one.params).digest()
    assert ApiRequest("questions/{ids}", "s", ids=(1, 2)).path == "questions/1;2"


@pytest.mark.parametrize("to", ["https://login.example", ""])
def test_a_redirect_is_told_and_the_key_does_not_go_along(
    api: responses.RequestsMock, clock: ManualClock, to: str
) -> None:
    headers = {"Location": f"{to}/x?key={KEY}"}
    with pytest.raises(ApiUnreachable) as failure:
        fetch(api, clock, b"", status=302, headers=headers)
    assert f"a redirect to {to or 'another path'} in place of an answer" in str(failure.value)
    assert "is TAGGER_API_URL right?" in str(failure.value)
    assert KEY not in str(failure.value)
    assert len(api.calls) == 1
