"""Logging in by a token, from a link or a form, and signing out."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from review.web.access import SignedIn, end_session, start_session
from review.web.context import Context, ContextDep, render
from review.web.forms import parse_form, read_form
from review.web.guard import address_of, cookie_name, hand_cookie, try_token

router = APIRouter()

HOME = "/review"


@router.get("/login")
def show_login(
    request: Request,
    context: ContextDep,
    token: str = "",
    target: Annotated[str, Query(alias="next")] = HOME,
) -> Response:
    """The login page; a link that carries a token logs in at once.

    It does not take a browser from another reviewer: a page elsewhere could lead here, and what is
    then saved would be saved in the name of whoever made up the link. The form asks first.
    """
    if token:
        return _log_in(context, request, token, target, by_link=True)
    return render(context, request, "login.html", target=_own_path(target), wrong=False)


@router.post("/login")
async def log_in(request: Request, context: ContextDep) -> Response:
    """Log in by the form's token."""
    fields = parse_form(await read_form(request))
    token = fields.get("token", "").strip()
    target = fields.get("next", HOME)
    return await run_in_threadpool(_log_in, context, request, token, target)


@router.post("/logout")
def log_out(request: Request, context: ContextDep) -> Response:
    """End this browser's session."""
    cookie = request.state.signed_in.cookie
    if cookie:
        with context.engine.begin() as connection:
            end_session(connection, cookie)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(cookie_name(context))
    return response


def _log_in(
    context: Context, request: Request, token: str, target: str, *, by_link: bool = False
) -> Response:
    name = try_token(context, address_of(request), token)
    if name is None:
        return render(
            context, request, "login.html", status=403, target=_own_path(target), wrong=True
        )
    before: SignedIn | None = request.state.signed_in
    if by_link and before is not None and before.reviewer != name:
        return RedirectResponse("/login?" + urlencode({"next": _own_path(target)}), 303)
    with context.engine.begin() as connection:
        cookie = start_session(connection, name, now=context.clock.now())
    # Away from the address that shows the token, also in the browser's history.
    response = RedirectResponse(_own_path(target), 303)
    hand_cookie(context, request, response, cookie)
    return response


def _own_path(target: str) -> str:
    """A path of this service: whoever makes up a link can lead nobody elsewhere by it."""
    is_own = target.startswith("/") and not target.startswith(("//", "/\\", "/login"))
    return target if is_own and target.isprintable() else HOME
