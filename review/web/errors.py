"""What a request is told that cannot be answered: a page for people, JSON under /api."""

import logging
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import (
    BundleRefused,
    CacheUnusable,
    DatabaseUnreachable,
    LiveVersionMoved,
    ModelMissing,
    NoPreviousVersion,
    NoReport,
    ReviewConflict,
    TaggerError,
    UnknownAction,
    UnknownFilter,
    UnknownModelVersion,
    UnknownQuestion,
    UnknownSite,
    UnknownTag,
    UnknownWebhook,
    VersionPruned,
    WrongCursor,
)
from core.refused_values import reason
from review.web.access import NotSignedIn
from review.web.context import get_context, render
from review.web.guard import guard

log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[TaggerError], int], ...] = (
    (DatabaseUnreachable, 503),
    (UnknownSite, 404),
    (UnknownTag, 404),
    (UnknownModelVersion, 404),
    (UnknownQuestion, 404),
    (UnknownAction, 404),
    (UnknownFilter, 404),
    (UnknownWebhook, 404),
    (WrongCursor, 422),
    (NoReport, 404),
    (NoPreviousVersion, 409),
    (LiveVersionMoved, 409),
    (BundleRefused, 409),
    (CacheUnusable, 503),
    (ReviewConflict, 409),
    (VersionPruned, 409),
    (ModelMissing, 409),
)


def add_error_handlers(app: FastAPI) -> None:
    """Let the application answer errors so."""
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(TaggerError, _tagger_error)
    app.add_middleware(Unexpected)


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _not_signed_in(request: Request, _: Exception) -> Response:
    if _is_api(request) or request.method != "GET":
        return _answer(request, 401, "Log in first.", {"WWW-Authenticate": "Bearer"})
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(target, safe='/')}", 303)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (Starlette's handlers take any exception)
    if error.status_code in (404, 405) and not hasattr(request.state, "signed_in"):
        try:  # no route, so nobody has stood guard: strangers do not learn what there is not
            await guard(request)
        except NotSignedIn as refused:
            return _not_signed_in(request, refused)
        except HTTPException as refused:
            error = refused
    headers = dict(error.headers or {})
    return _answer(request, error.status_code, str(error.detail), headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (as above)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return _answer(request, 422, f"{where}: {reason(first)}")


def _tagger_error(request: Request, error: Exception) -> Response:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    headers = {"Retry-After": "5"} if status == 503 else {}
    return _answer(request, status, str(error), headers)


class Unexpected:
    """ASGI middleware: logs an error that nobody expected, and answers 500.

    Starlette's own stands outside of every middleware, so its answer would lack their headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            log.exception("%s %s failed", scope.get("method"), scope.get("path"))
            if scope["type"] != "http" or has_begun:
                raise
            request = Request(scope, receive)
            answer = _answer(request, 500, "Something went wrong here; the log says what.")
            await answer(scope, receive, send)


def _answer(
    request: Request, status: int, detail: str, headers: dict[str, str] | None = None
) -> Response:
    if _is_api(request):
        return JSONResponse({"detail": detail}, status, headers)
    phrase = HTTPStatus(status).phrase
    if detail == phrase:  # Starlette's own word for it says nothing more
        detail = ""
    page = render(
        get_context(request),
        request,
        "error.html",
        status=status,
        code=status,
        phrase=phrase,
        detail=detail,
    )
    page.headers.update(headers or {})
    return page
