"""What stands around every request and answer: which host, how large, and the browser's rules.

Bodies of JSON are counted here: they are parsed before the guard is asked who sends them.
"""

from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.untrusted import JsonTooLarge, check_json

MOST_BYTES: Final = 4 * 1024 * 1024  # of a request's body
_OF_OTHER_PARTS: Final = frozenset("/\\?#@")  # of an address
_TOO_LONG: Final = f"A request takes {MOST_BYTES} bytes at most."


def content_security_policy(*, images: bool) -> str:
    """Nothing runs, is styled or loaded but this service's own files.

    Args:
        images: whether images of other hosts are shown, as a setting may say.
    """
    own = "script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'"
    pictures = "img-src 'self' https: http:" if images else "img-src 'self'"
    shut = "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    return f"default-src 'none'; {own}; {pictures}; {shut}"


class Surroundings:
    """ASGI middleware: checks the host, bounds the body, sets the security headers."""

    def __init__(self, app: ASGIApp, *, names: Collection[str], images: bool) -> None:
        """Wrap an application.

        Args:
            app: what answers.
            names: by which the service may be called, besides numeric addresses.
            images: see `content_security_policy()`.
        """
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._policy = content_security_policy(images=images)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        has_begun = False
        state: dict[str, Any] = scope.setdefault("state", {})  # request.state

        async def send_with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                self._set_headers(MutableHeaders(scope=message), state)
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._refusal(headers)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        bounded = _bounded(receive, lambda: has_begun)
        if _is_json(headers):
            try:
                bounded = await _counted(bounded)
            except (HTTPException, JsonTooLarge) as error:
                told = error.detail if isinstance(error, HTTPException) else f"It holds {error}."
                await JSONResponse({"detail": told}, 413)(scope, receive, send_with_headers)
                return
        await self._app(scope, bounded, send_with_headers)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        if not is_own_host(headers.get("host", ""), self._names):
            text = "This service is not called so; TAGGER_REVIEW_NAMES may name it."
            return PlainTextResponse(text, 400)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return PlainTextResponse(_TOO_LONG, 413)
        return None

    def _set_headers(self, headers: MutableHeaders, state: Mapping[str, Any]) -> None:
        if "renewed_cookie" in state:  # unless the route itself logs in or out
            headers.setdefault("Set-Cookie", state["renewed_cookie"])
        headers.setdefault("Content-Security-Policy", self._policy)  # a report has one of its own
        headers["X-Content-Type-Options"] = "nosniff"
        # Elsewhere nothing is told. With no-referrer the page's own forms would come from "null".
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        headers.setdefault("Cache-Control", "no-store")


def is_own_host(host: str, names: Collection[str]) -> bool:
    """Whether a request's Host is this service's.

    A page elsewhere can let its own name point to 127.0.0.1 and so read what answers there (DNS
    rebinding); it cannot make the browser send a numeric address as Host.
    """
    if not _OF_OTHER_PARTS.isdisjoint(host):  # a Host has none: the path would seem another one
        return False
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_json(headers: Headers) -> bool:
    return "json" in headers.get("content-type", "").lower()


async def _counted(receive: Receive) -> Receive:
    """Read a body of JSON; return what gives it once more.

    Raises:
        JsonTooLarge: it would become more than anything that the page or its API takes.
        HTTPException: it is too long.
    """
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body", False):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)
    await run_in_threadpool(check_json, body)
    messages.reverse()

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


def _without_body(send: Send) -> Send:
    """End an answer where its body would begin: a download is then not read to its end for nobody.

    Once it has ended, the server tells what streams the body that the client is gone.
    """

    async def send_start(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return send_start


def _bounded(receive: Receive, has_begun: Callable[[], bool]) -> Receive:
    """Bound a body that comes in pieces and does not say its length beforehand.

    Whoever reads on gets the error that is answered with 413; where an answer is under way, it
    ends as if the client had gone.
    """
    total = 0

    async def receive_bounded() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total <= MOST_BYTES:
            return message
        if has_begun():
            return {"type": "http.disconnect"}
        raise HTTPException(413, _TOO_LONG)

    return receive_bounded
