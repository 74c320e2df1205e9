"""Webhooks: who is told of what and how it goes, added, tried, paused and deleted by forms."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from core.database.engine import reading
from core.errors import UnknownSite, UnknownTag
from core.refused_values import reason
from review.api.fields import Number
from review.notify.api import NewWebhook
from review.notify.trial import send_test
from review.notify.webhooks import (
    MAX_QUALITY,
    Wanted,
    add_webhook,
    delete_webhook,
    list_webhooks,
    retry_failed,
    set_enabled,
)
from review.web.context import Context, ContextDep, ReviewerDep, render
from review.web.forms import fields_of, parse_form
from review.web.sites import chosen_site, sites_of

router = APIRouter()

FIELDS: Final = ("url", "site", "event", "tag", "min_probability", "max_quality")
NAMES: Final = {
    "url": "Address",
    "site": "Site",
    "event": "Of what",
    "tag": "Tag",
    "min_probability": "Probability from",
    "max_quality": "Label quality up to",
}


@router.get("/webhooks")
def webhooks(request: Request, context: ContextDep, _: ReviewerDep) -> HTMLResponse:
    """All webhooks and how they are doing, and a form to add one; an address may fill it in."""
    given = fields_of(request.query_params, FIELDS)
    return _show(context, request, given | {"site": chosen_site(context, request)})


@router.post("/webhooks")
async def add(request: Request, context: ContextDep, reviewer: ReviewerDep) -> HTMLResponse:
    """Add a webhook; the page shows its secret, this once."""
    given = fields_of(parse_form(await request.body()), FIELDS)
    return await run_in_threadpool(_add, context, request, reviewer, given)


def _add(context: Context, request: Request, reviewer: str, given: dict[str, str]) -> HTMLResponse:
    try:
        new = NewWebhook.model_validate({name: value for name, value in given.items() if value})
        wanted = Wanted(**new.model_dump(exclude={"url"}))
        with context.engine.begin() as connection:
            now = context.clock.now()
            number, secret = add_webhook(connection, new.url, wanted, reviewer, now=now)
    except ValidationError as error:
        return _show(context, request, given, status=422, wrong=_wrong(error))
    except UnknownSite as error:
        return _show(context, request, given, status=422, wrong=("site", str(error)))
    except UnknownTag as error:
        return _show(context, request, given, status=422, wrong=("tag", str(error)))
    emptied = dict.fromkeys(FIELDS, "") | {"site": given["site"]}
    return _show(context, request, emptied, status=201, added=number, secret=secret)


def _wrong(error: ValidationError) -> tuple[str, str]:
    """The first field that is wrong, and what is wrong with it."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    return name, f"{NAMES[name]}: {reason(first)}."


@router.post("/webhooks/{number}/test")
def test(request: Request, context: ContextDep, _: ReviewerDep, number: Number) -> HTMLResponse:
    """Send a test event, and show what came of it."""
    outcome = send_test(context.engine, context.clock, number)
    given = dict.fromkeys(FIELDS, "") | {"site": chosen_site(context, request)}
    return _show(context, request, given, tried=number, error=outcome.error)


@router.post("/webhooks/{number}/pause")
def pause(context: ContextDep, _: ReviewerDep, number: Number) -> RedirectResponse:
    """Let a webhook wait; what there is to tell it is kept."""
    return _set_enabled(context, number, enabled=False)


@router.post("/webhooks/{number}/resume")
def resume(context: ContextDep, _: ReviewerDep, number: Number) -> RedirectResponse:
    """Let a webhook go on."""
    return _set_enabled(context, number, enabled=True)


def _set_enabled(context: Context, number: int, *, enabled: bool) -> RedirectResponse:
    with context.engine.begin() as connection:
        set_enabled(connection, number, enabled=enabled, now=context.clock.now())
    return RedirectResponse(f"/webhooks#w{number}", 303)


@router.post("/webhooks/{number}/retry")
def retry(context: ContextDep, _: ReviewerDep, number: Number) -> RedirectResponse:
    """Have the events sent again that a webhook has refused too often."""
    with context.engine.begin() as connection:
        retry_failed(connection, number, now=context.clock.now())
    return RedirectResponse(f"/webhooks?retried={number}", 303)


@router.post("/webhooks/{number}/delete")
def delete(context: ContextDep, _: ReviewerDep, number: Number) -> RedirectResponse:
    """Delete a webhook, with what it has not been told yet."""
    with context.engine.begin() as connection:
        delete_webhook(connection, number)
    return RedirectResponse(f"/webhooks?deleted={number}", 303)


def _show(
    context: Context, request: Request, given: dict[str, str], *, status: int = 200, **told: Any
) -> HTMLResponse:
    with reading(context.engine) as connection:
        rows = list_webhooks(connection)
    told = {"added": None, "secret": "", "tried": None, "error": None, "wrong": None} | told
    return render(
        context,
        request,
        "webhooks.html",
        status=status,
        rows=rows,
        sites=sites_of(context),
        given=given,
        max_quality=MAX_QUALITY,
        **{name: request.query_params.get(name, "")[:10] for name in ("deleted", "retried")},
        now=context.clock.now(),
        **told,
    )
