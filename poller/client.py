"""A client of the StackExchange API: a request goes out, an answer or an error comes back.

It knows how the API speaks (https://api.stackexchange.com/docs/wrapper, /docs/error-handling) and
trusts nothing that it says. When it may be asked at all is the business of `poller.rate_limit`.
"""

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from core.clock import Clock, SystemClock
from core.errors import (
    ApiKeyRefused,
    ApiNotConnected,
    ApiRefused,
    ApiThrottled,
    ApiUnavailable,
    ApiUnreachable,
)
from core.log import HIDDEN, spellings
from core.parts.deadline import Deadline, WatchedAdapter
from core.untrusted import JsonTooLarge, load_json, one_line
from poller.values import MAX_BYTES, moment_of, quota_of, seconds_of, unpack, whole_of

USER_AGENT = "question-tagger (tag prediction for StackExchange sites; python-requests)"

CONNECT_SECONDS = 10.0
CONNECT_ATTEMPTS = 3
LONGEST_RECONNECT_PAUSE = 5.0
READ_SECONDS = 30.0  # without a byte
ANSWER_SECONDS = 60.0  # for the whole of an answer, however slowly it drips
MAX_PACKED_BYTES = MAX_BYTES
_CHUNK = 2**16

MAX_ITEMS = 100  # of an answer, where the request asks for no other number

BAD_PARAMETER, ACCESS_DENIED, KEY_REQUIRED = 400, 403, 405  # error_id
THROTTLE_VIOLATION = 502
UNAVAILABLE = (500, 503)  # error_id of internal_error and temporarily_unavailable
_HOST = re.compile(r"https?://[\w.:-]+")
_WAIT = re.compile(r"more requests available in (\d+) seconds?")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request, without the key.

    Attributes:
        method: the API's method, as `questions/unanswered` or `questions/{ids}`.
        site: the API's name of it; empty for methods that belong to none.
        params: the others, by name.
        ids: what stands for `{ids}`.
        tags: what stands for `{tags}`.
    """

    method: str
    site: str
    params: tuple[tuple[str, str], ...] = ()
    ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path below the API's base URL."""
        tags = ";".join(quote(tag, safe="") for tag in self.tags)
        return self.method.replace("{ids}", ";".join(map(str, self.ids))).replace("{tags}", tags)

    @property
    def query(self) -> dict[str, str]:
        """All parameters but the key."""
        return {**({"site": self.site} if self.site else {}), **dict(self.params)}

    @property
    def most_items(self) -> int:
        """How many items its answer may hold."""
        size = dict(self.params).get("pagesize", "")
        return int(size) if size.isdecimal() else MAX_ITEMS

    def digest(self) -> str:
        """SHA-256 of what is asked: equal for identical requests."""
        asked = f"{self.path}?{urlencode(sorted(self.query.items()))}"
        return hashlib.sha256(asked.encode()).hexdigest()

    def __str__(self) -> str:
        shown = self.method if self.ids or self.tags else self.path
        return f"/{shown}?{urlencode(self.query)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """A good answer's wrapper; its items are as they came.

    Attributes:
        backoff: seconds for which the same method must not be asked.
        quota_max: requests a day; None where the answer does not say or says none, as for the
            next one.
        quota_remaining: requests left today.
        sent_at: the API's time by the header `Date`; None where it does not say.
    """

    items: tuple[object, ...]
    has_more: bool
    backoff: float | None = None
    quota_max: int | None = None
    quota_remaining: int | None = None
    sent_at: datetime | None = None


class Client:
    """Asks the API over one `requests` session, which keeps the connection.

    Args:
        session: its adapters are the transport.
        url: the API's base URL.
        key: an application's key, which goes into requests and nowhere else.
        clock: passes the time between attempts to connect.
    """

    def __init__(
        self,
        session: requests.Session,
        *,
        url: str,
        key: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._session = session
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"})
        # The API needs none, and those of one answer may make all requests too long for a server.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for prefix, adapter in list(session.adapters.items()):
            if type(adapter) is HTTPAdapter:  # and none of a caller's own
                session.mount(prefix, WatchedAdapter())
        self._url = url
        self._key = key
        self._clock = clock or SystemClock()

    @property
    def name(self) -> str:
        """Whom the API takes the client for: its host, and which key; shows no key."""
        key = hashlib.sha256(self._key.encode()).hexdigest()[:8] if self._key else None
        return f"{urlsplit(self._url).netloc} {f'key {key}' if key else 'without key'}"

    @property
    def url(self) -> str:
        """The API's base URL."""
        return self._url

    def fetch(self, request: ApiRequest) -> ApiAnswer:
        """Send a request once, and read its answer.

        Raises:
            ApiNotConnected: it was not sent.
            ApiUnreachable: there is no answer, or none that can be read.
            ApiThrottled: the API asks for a pause.
            ApiRefused: another error of the API's own.
        """
        status, headers, body = self._exchange_in_time(request)
        wrapper = _read_json(body, status, headers.get("Retry-After"), request)
        return replace(_read_wrapper(wrapper, request), sent_at=moment_of(headers.get("Date")))

    def _exchange_in_time(self, request: ApiRequest) -> tuple[int, Mapping[str, str], bytes]:
        late = _unreachable(request, f"no whole answer within {ANSWER_SECONDS:g} s")
        with Deadline(ANSWER_SECONDS) as deadline:
            try:
                exchanged = self._exchange(request)
            except ApiUnreachable as error:
                raise (late if deadline.is_over else error) from None
        if deadline.is_over:
            raise late
        return exchanged

    def _exchange(self, request: ApiRequest) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and unpacked body. No error shows the URL, which holds the key."""
        params = request.query | ({"key": self._key} if self._key else {})
        try:
            with self._connected(f"{self._url}/{request.path}", params) as response:
                if response.is_redirect:  # not followed: the key would go along
                    host = _HOST.match(response.headers["Location"])
                    told = (
                        f"a redirect to {host[0] if host else 'another path'} in place of an answer"
                    )
                    raise _unreachable(request, f"{told}; is TAGGER_API_URL right?")
                packed = self._read(response, request)
                body = self._without_key(unpack(packed))
                return response.status_code, response.headers, body
        except requests.RequestException as error:
            if _was_never_sent(error):
                raise ApiNotConnected(f"{request}: {self._explain(error)}") from None
            raise _unreachable(request, self._explain(error)) from None
        except (HTTPError, OSError):
            raise _unreachable(request, "the answer broke off") from None
        except zlib.error as error:
            raise _unreachable(request, f"the answer's gzip is damaged ({error})") from None

    def _connected(self, url: str, params: Mapping[str, str]) -> requests.Response:
        """Send a request. What never left this machine may be sent again at once."""
        retrying = Retrying(
            retry=retry_if_exception(_was_never_sent),
            stop=stop_after_attempt(CONNECT_ATTEMPTS),
            wait=wait_random_exponential(multiplier=1, max=LONGEST_RECONNECT_PAUSE),
            sleep=self._clock.sleep,
            reraise=True,
        )
        return retrying(
            self._session.get,
            url,
            params=params,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            stream=True,
            allow_redirects=False,
        )

    def _explain(self, error: requests.RequestException) -> str:
        """What went wrong, by the error's kind: its own text holds the URL."""
        for kind, reason in _REASONS.items():
            if isinstance(error, kind):
                return reason.format(host=urlsplit(self._url).netloc)
        return type(error).__name__

    def _without_key(self, body: bytes) -> bytes:
        """An answer that quotes the request must not carry the key into an error or a log."""
        for spelling in spellings(self._key) if self._key else ():
            body = body.replace(spelling.encode(), HIDDEN.encode())
        return body

    def _read(self, response: requests.Response, request: ApiRequest) -> bytes:
        packed = bytearray()
        while chunk := response.raw.read(_CHUNK, decode_content=False):
            packed += chunk
            if len(packed) > MAX_PACKED_BYTES:
                raise _unreachable(request, f"the answer exceeds {MAX_PACKED_BYTES:,} bytes")
        return bytes(packed)


def _was_never_sent(error: BaseException) -> bool:
    """Whether no connection was made, so that the API knows of no request."""
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _read_json(
    body: bytes, status: int, retry_after: str | None, request: ApiRequest
) -> dict[str, Any]:
    try:
        content = load_json(body)
    except JsonTooLarge as error:
        raise _unreachable(request, f"the answer holds {error}") from None
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict) and "error_id" in content:
        raise _refusal(content, request)
    if status == 429:  # cut off: the documentation leaves open how that looks
        raise ApiThrottled(
            f"{request}: too many requests (HTTP 429)",
            error_id=THROTTLE_VIOLATION,
            error_name="throttle_violation",
            seconds=seconds_of(retry_after),
        )
    if status != 200 or not isinstance(content, dict):
        kind = type(content).__name__ if content is not None else _kind(body)
        raise _unreachable(request, f"HTTP {status} with {kind} in place of an answer")
    return content


def _read_wrapper(wrapper: Mapping[str, Any], request: ApiRequest) -> ApiAnswer:
    items, has_more = wrapper.get("items"), wrapper.get("has_more")
    if not isinstance(items, list) or not isinstance(has_more, bool):
        raise _unreachable(request, "the answer has no items or does not say whether there is more")
    if len(items) > request.most_items:
        asked = f"{request.most_items} at most were asked for"
        raise _unreachable(request, f"the answer holds {len(items):,} items; {asked}")
    quota_max, quota_remaining = wrapper.get("quota_max"), wrapper.get("quota_remaining")
    return ApiAnswer(
        items=tuple(items),
        has_more=has_more,
        backoff=seconds_of(wrapper.get("backoff")),
        quota_max=quota_of(quota_max) or None,
        quota_remaining=quota_of(quota_remaining),
    )


def _refusal(content: Mapping[str, Any], request: ApiRequest) -> ApiRefused:
    """The error that the API words; its message can echo a parameter, never the key."""
    error_id = whole_of(content.get("error_id")) or 0
    name = one_line(str(content.get("error_name"))[:100])
    message = one_line(str(content.get("error_message"))[:300])
    text = f"{request}: {message} ({name}, error_id {error_id})"
    backoff = seconds_of(content.get("backoff"))
    if _is_about_key(error_id, message):
        hint = "the API does not know TAGGER_API_KEY (any more): correct or remove it"
        return ApiKeyRefused(f"{text}; {hint}", error_id=error_id, error_name=name, backoff=backoff)
    if error_id != THROTTLE_VIOLATION:
        kind = ApiUnavailable if error_id in UNAVAILABLE else ApiRefused
        return kind(text, error_id=error_id, error_name=name, backoff=backoff)
    named = _WAIT.search(message)
    seconds = seconds_of(named.group(1)) if named else backoff
    return ApiThrottled(text, error_id=error_id, error_name=name, seconds=seconds)


def _is_about_key(error_id: int, message: str) -> bool:
    """Whether a key is refused: `key` is a bad parameter, or required by what was asked."""
    return error_id == KEY_REQUIRED or (
        error_id in (BAD_PARAMETER, ACCESS_DENIED) and re.search(r"\bkey\b", message) is not None
    )


def _unreachable(request: ApiRequest, reason: str) -> ApiUnreachable:
    return ApiUnreachable(f"{request}: {reason}")


_REMEDY = "check the network and TAGGER_API_URL"

_REASONS: Mapping[type[requests.RequestException], str] = {
    requests.exceptions.ConnectTimeout: (
        f"no connection to {{host}} within {CONNECT_SECONDS:.0f} s; {_REMEDY}"
    ),
    requests.exceptions.ReadTimeout: f"no answer within {READ_SECONDS:.0f} s",
    requests.exceptions.SSLError: (
        "no secure connection to {host}: its certificate does not verify"
    ),
    requests.exceptions.ProxyError: "no connection through the proxy",
    requests.exceptions.ConnectionError: (
        f"no connection to {{host}}, or one that was cut; {_REMEDY}"
    ),
    requests.exceptions.ChunkedEncodingError: "the answer broke off",
}


def _kind(body: bytes) -> str:
    start = body[:200].lstrip().lower()
    if not start:
        return "nothing"
    return "HTML" if start.startswith(b"<") else "null" if start == b"null" else "no JSON"
