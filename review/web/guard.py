"""Lets nobody in who is not signed in, and no change that comes from elsewhere.

It stands before every route of the application, so a new one is closed unless it is named here.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from core.database.engine import reading
from review.web.access import (
    SESSION_LASTS,
    NotSignedIn,
    SignedIn,
    find_session,
    is_feed_key,
    renew_session,
    reviewer_of_token,
)
from review.web.context import Context, get_context
from review.web.forms import parse_form

ALIVE: Final = "/healthz"  # whoever asks would restart the page: it waits for no other thread
OPEN: Final = frozenset({"/login", ALIVE, "/readyz"})
FEEDS: Final = "/feeds/"  # whose readers have keys of their own
METRICS: Final = "/metrics"  # which has a token of its own: Prometheus is no reviewer
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_FORM = "application/x-www-form-urlencoded"


async def guard(request: Request) -> None:
    """Find out who asks, for `request.state.signed_in`.

    Raises:
        NotSignedIn: nobody, and the path is not open.
        HTTPException: a change that another site asks for, or one more wrong token after too many.
    """
    context = get_context(request)
    path = request.scope["path"]  # as it is routed; request.url is put together with the Host
    if path == ALIVE:
        request.state.signed_in = None
        return
    if path == METRICS and has_metrics_token(context, request):
        request.state.signed_in = None
        return
    key = request.query_params.get("key")
    if key and path.startswith(FEEDS):
        request.state.signed_in = None
        await run_in_threadpool(_try_feed_key, context, request, key)
        return
    if request.method not in _SAFE_METHODS:
        refuse_other_sites(request)
    who = await run_in_threadpool(_find, context, request)
    request.state.signed_in = who
    if path in OPEN:
        return
    if who is None:
        raise NotSignedIn
    if request.method not in _SAFE_METHODS and not who.has_csrf_token(await _csrf_token(request)):
        raise HTTPException(403, "This page is out of date: reload it, then try again.")


def cookie_name(context: Context) -> str:
    """Cookies know no ports: services beside each other on a machine have names of their own."""
    return f"tagger_session_{context.settings.review_port}"


def hand_cookie(context: Context, request: Request, response: Response, cookie: str) -> None:
    """Let the browser keep a session's cookie as long as the session lasts from now on."""
    response.set_cookie(
        cookie_name(context),
        cookie,
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",  # a strict one would not be sent after the link in another window
        secure=request.url.scheme == "https",
    )


def has_metrics_token(context: Context, request: Request) -> bool:
    """Whether a program asks that may read the metrics, and those alone."""
    expected = context.settings.metrics_token
    if expected is None:
        return False
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = token.strip().encode(errors="replace")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        given, expected.get_secret_value().encode()
    )


def address_of(request: Request) -> str:
    """Whose logins are counted together."""
    return request.client.host if request.client else "unknown"


def refuse_other_sites(request: Request) -> None:
    """Refuse a change that a browser says comes from another site's page (Fetch Metadata)."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none") or not _has_own_origin(request):
        raise HTTPException(403, "Another site's page may change nothing here.")


def _has_own_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == request.headers.get("host")
    except ValueError:  # of brackets that are no IPv6 address
        return False


def _find(context: Context, request: Request) -> SignedIn | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(context, request, token.strip())
    cookie = request.cookies.get(cookie_name(context))
    return _by_cookie(context, request, cookie) if cookie else None


def _by_token(context: Context, request: Request, token: str) -> SignedIn | None:
    if request.scope["path"] == METRICS:  # a scraper left behind asks all day, and guesses nothing
        name = _reviewer_of(context, token)
    else:
        name = try_token(context, address_of(request), token)
    return None if name is None else SignedIn(name)


def _reviewer_of(context: Context, token: str) -> str | None:
    with reading(context.engine) as connection:
        return reviewer_of_token(connection, token)


def try_token(context: Context, address: str, token: str) -> str | None:
    """The reviewer whose token this is, or None, which counts as a failed login.

    A right token is let in whatever has failed before: else whoever sends wrong ones from the
    same address, or from many, would shut its owner out.

    Raises:
        HTTPException: it is wrong, and too many have failed of late (429).
    """
    name = _reviewer_of(context, token)
    if name is None:
        _count_failure(context, address)
    return name


def _try_feed_key(context: Context, request: Request, key: str) -> None:
    """Refuse a key that is nobody's; it counts as a failed login."""
    with reading(context.engine) as connection:
        if is_feed_key(connection, key):
            return
    _count_failure(context, address_of(request))
    raise HTTPException(403, "This feed's key is nobody's: copy the feed's address anew.")


def _count_failure(context: Context, address: str) -> None:
    now = context.clock.monotonic()
    if wait := context.login_limit.seconds_to_wait(address, now):
        raise HTTPException(
            429, f"Too many logins failed. Try again in {wait} s.", {"Retry-After": str(wait)}
        )
    context.login_limit.count_failure(address, now)


def _by_cookie(context: Context, request: Request, cookie: str) -> SignedIn | None:
    now = context.clock.now()
    with reading(context.engine) as connection:
        found = find_session(connection, cookie, now=now)
    if found is None:
        return None
    who, is_old = found
    if is_old:
        with context.engine.begin() as connection:
            renew_session(connection, cookie, now=now)
        carrier = Response()  # the route's own answer is not there yet: see `Surroundings`
        hand_cookie(context, request, carrier, cookie)
        request.state.renewed_cookie = carrier.headers["set-cookie"]
    return who


async def _csrf_token(request: Request) -> str:
    """What the change hands in: a script in a header, a form in a field."""
    header = request.headers.get("x-csrf-token")
    if header is not None:
        return header
    if request.headers.get("content-type", "").split(";")[0] != _FORM:
        return ""
    return parse_form(await request.body()).get("csrf_token", "")
