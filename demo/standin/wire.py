"""What goes over the wire: requests, answers, and what damages an answer on its way."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from demo.standin.faults import Failure

_JSON = "application/json; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(frozen=True)
class HttpRequest:
    """A GET request: its path, its parameters, and the address that it comes from."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"

    @classmethod
    def of(cls, target: str, address: str = "127.0.0.1") -> Self:
        """A request from its target, such as `/2.3/questions?site=stats`."""
        parts = urlsplit(target)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        return cls(unquote(parts.path), params, address)


class Ending(StrEnum):
    """What becomes of the connection."""

    ANSWERED = "answered"
    REFUSED = "refused"
    RESET = "reset"
    SILENT = "silent"


@dataclass(frozen=True)
class HttpAnswer:
    """Status, headers and bytes, as they are sent; a header that lies is meant to lie."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ending: Ending = Ending.ANSWERED


def to_json(content: object) -> bytes:
    """JSON as compact as the API's."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def compressed(body: bytes, status: int = 200) -> HttpAnswer:
    """An answer as the API gives it: always gzip, whatever the client accepts."""
    # level 1 is the fastest by far; mtime=0 gives the same bytes every time
    packed = gzip.compress(body, compresslevel=1, mtime=0)
    return HttpAnswer(status, _headers(packed, encoding="gzip"), packed)


def plain(body: bytes, status: int = 200) -> HttpAnswer:
    """JSON that is not compressed."""
    return HttpAnswer(status, _headers(body), body)


def html(status: int, title: str) -> HttpAnswer:
    """A page for people, where a client waits for JSON."""
    body = _PAGE.format(title).encode()
    return HttpAnswer(status, _headers(body, kind=_HTML), body)


def cut_off() -> HttpAnswer:
    """What a cut-off client gets: the API leaves it undefined."""
    return html(429, "Too many requests")


def damaged(answer: HttpAnswer, failure: Failure | None) -> HttpAnswer:
    """A compressed answer after what befell it on its way."""
    harm = _DAMAGE.get(failure) if failure else None
    return harm(answer) if harm else answer


def _headers(body: bytes, *, encoding: str | None = None, kind: str = _JSON) -> dict[str, str]:
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": "private"}
    return {**headers, "Content-Encoding": encoding} if encoding else headers


def _incomplete(answer: HttpAnswer) -> HttpAnswer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _truncated(answer: HttpAnswer) -> HttpAnswer:
    half = _incomplete(answer)
    return replace(half, headers=_headers(half.body, encoding="gzip"))


def _corrupt(answer: HttpAnswer) -> HttpAnswer:
    head = answer.body[:10]  # gzip's own, so that the trouble is found late
    return replace(answer, body=head + bytes(255 - byte for byte in answer.body[10:]))


def _without_encoding(answer: HttpAnswer) -> HttpAnswer:
    return replace(answer, headers=_headers(answer.body))


def _uncompressed(answer: HttpAnswer) -> HttpAnswer:
    return plain(gzip.decompress(answer.body), answer.status)


_DAMAGE: Mapping[Failure, Callable[[HttpAnswer], HttpAnswer]] = {
    Failure.TRUNCATED: _truncated,
    Failure.INCOMPLETE: _incomplete,
    Failure.CORRUPT: _corrupt,
    Failure.NO_ENCODING: _without_encoding,
    Failure.PLAIN: _uncompressed,
}
