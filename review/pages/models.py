"""A site's models: how good each version is, and which one is live."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from core.database.engine import reading
from core.model.going_live import WentLive, promote_tried, roll_back_tried
from core.settings import Retag
from review.api.fields import Site, Version
from review.service.models import CHOICES, list_rows, retag_counts
from review.web.context import Context, ContextDep, ReviewerDep, render
from review.web.forms import parse_form
from review.web.sites import chosen_site, sites_of

router = APIRouter()

COUNT_WAIT: Final = 0.03  # seconds that the page waits for the first count
_RETAG: TypeAdapter[Retag] = TypeAdapter(Retag)
_VERSION: TypeAdapter[int | None] = TypeAdapter(Version | None)


@router.get("/models")
def models(request: Request, context: ContextDep, _: ReviewerDep) -> HTMLResponse:
    """A site's versions, the newest first."""
    site = chosen_site(context, request)
    with reading(context.engine) as connection:
        rows = list_rows(connection, site)
    return render(
        context,
        request,
        "models.html",
        site=site,
        sites=sites_of(context),
        rows=rows,
        choices=CHOICES,
        retags=retag_counts(context, site, wait=COUNT_WAIT),
        chosen=context.settings.retag,
        days=context.settings.retag_days,
        live=next((row.version.version for row in rows if row.version.live), None),
        previous=next((row.version.version for row in rows if row.is_previous), None),
        done={name: request.query_params.get(name, "") for name in ("version", "again")},
    )


@router.post("/models/{site}/{version}/promote")
async def promote(
    request: Request, context: ContextDep, _: ReviewerDep, site: Site, version: Version
) -> Response:
    """Try a version and make it live."""
    which = _which(await request.body())

    def go() -> WentLive:
        return promote_tried(
            context.engine, context.settings, context.clock, site, version, which=which
        )

    return await _go_live(context, go)


@router.post("/models/{site}/rollback")
async def roll_back(request: Request, context: ContextDep, _: ReviewerDep, site: Site) -> Response:
    """Try the version that was live before, and make it live again."""
    body = await request.body()
    which, to = _which(body), _to(body)

    def go() -> WentLive:
        return roll_back_tried(
            context.engine, context.settings, context.clock, site, which=which, to=to
        )

    return await _go_live(context, go)


async def _go_live(context: Context, go: Callable[[], WentLive]) -> Response:
    went = await run_in_threadpool(go)
    context.memo.forget()
    told: dict[str, Any] = {"site": went.version.site, "version": went.version.version}
    told["again"] = went.asked_again
    return RedirectResponse(f"/models?{urlencode(told)}", 303)


def _to(body: bytes) -> int | None:
    """The version that the page has named: pressed twice, the button goes back no further."""
    try:
        return _VERSION.validate_python(parse_form(body).get("to"))
    except ValidationError:
        raise HTTPException(422, "to: it is the number of a version") from None


def _which(body: bytes) -> Retag | None:
    given = parse_form(body).get("retag", "")
    if not given:
        return None
    try:
        return _RETAG.validate_python(given)
    except ValidationError:
        raise HTTPException(422, "retag: it is pending, recent, all or none") from None
