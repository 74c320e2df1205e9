"""A site's tags, and one of them."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from core.database.engine import reading
from core.questions.suggested import read_blocked_tags
from core.questions.tags.synonyms import read_synonyms
from core.questions.tags.wikis import read_excerpt
from core.wording import near, near_matches
from review.api.fields import Line, Site, Tag
from review.decisions.site_tags import block_tag, require_site, unblock_tag
from review.render.charts import Series, column_chart, meter
from review.tags.figures import TagRow
from review.tags.overview import MonthlyUses, TagsOverview, tags_of, uses_by_month
from review.web.context import Context, ContextDep, ReviewerDep, render
from review.web.forms import parse_form
from review.web.memo import NotYet
from review.web.sites import chosen_site, sites_of

router = APIRouter()

PAGE: Final = 100
COUNT_WAIT: Final = 0.04  # seconds that a page waits for what is counted for the first time
CHART_SECONDS: Final = 600

_TAG: TypeAdapter[str] = TypeAdapter(Tag)

Sorting = Literal["uses", "name", "precision", "acceptance"]
_KEYS: Final[dict[Sorting, Callable[[TagRow], Any]]] = {
    "uses": lambda row: (-row.uses, row.tag),
    "name": lambda row: row.tag,
    # The worst first: those are what somebody looks for.
    "precision": lambda row: (row.precision is None, row.precision, -row.suggested, row.tag),
    "acceptance": lambda row: (row.acceptance is None, row.acceptance, -row.rejected, row.tag),
}


@router.get("/tags")
def tags(
    request: Request,
    context: ContextDep,
    _: ReviewerDep,
    sort: Sorting = "uses",
    q: Annotated[Line, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """A page of a site's tags, and which of them go together."""
    site = chosen_site(context, request)
    overview = _overview(context, site)
    if overview is None:
        return _say_counting(context, request, site)
    rows = _rows(overview, sort, q.strip())
    with reading(context.engine) as connection:
        blocked = read_blocked_tags(connection, site)
    return render(
        context,
        request,
        "tags.html",
        site=site,
        sites=sites_of(context),
        overview=overview,
        blocked=blocked,
        count=len(rows),
        rows=rows[(page - 1) * PAGE : page * PAGE],
        more=page * PAGE < len(rows),
        page=page,
        sort=sort,
        sortings=_KEYS,
        q=q,
        meter=meter,
    )


def _overview(context: Context, site: str) -> TagsOverview | None:
    try:
        return tags_of(context, site, wait=COUNT_WAIT)
    except NotYet:
        return None


def _say_counting(context: Context, request: Request, site: str) -> HTMLResponse:
    """Say so in place of what was asked for, at its own address: to look again leads there."""
    sites = sites_of(context)
    return render(context, request, "tags.html", site=site, sites=sites, overview=None)


def _rows(overview: TagsOverview, sort: Sorting, words: str) -> list[TagRow]:
    found = [row for row in overview.tags.values() if words.casefold() in row.tag.casefold()]
    return sorted(found, key=_KEYS[sort])


@router.post("/tags/{site}/blocked")
async def change_blocked(
    request: Request, context: ContextDep, reviewer: ReviewerDep, site: Site
) -> RedirectResponse:
    """Let a tag never be suggested at a site again, or let it be suggested again."""
    form = parse_form(await request.body())
    try:
        tag = _TAG.validate_python(form.get("tag"))
    except ValidationError:
        raise HTTPException(422, "tag: it is none that a site can have") from None
    await run_in_threadpool(_set_blocked, context, reviewer, site, tag, form.get("blocked"))
    return RedirectResponse(f"/tags/{site}/{quote(tag)}", 303)


def _set_blocked(context: Context, reviewer: str, site: str, tag: str, to: str | None) -> None:
    with context.engine.begin() as connection:
        require_site(connection, site)
        if to == "yes":
            block_tag(connection, site, tag, reviewer, now=context.clock.now())
        elif to == "no":
            unblock_tag(connection, site, tag)
        else:
            raise HTTPException(422, "blocked: it is yes or no")


@router.get("/tags/{site}/{tag:path}")
def show_tag(
    request: Request, context: ContextDep, _: ReviewerDep, site: Site, tag: str
) -> HTMLResponse:
    """One tag: its figures, its use over time, and what it goes together with."""
    overview = _overview(context, site)
    if overview is None:
        return _say_counting(context, request, site)
    row = overview.tags.get(tag)
    if row is None:
        matches = near_matches(near(tag, overview.tags))
        raise HTTPException(404, f"The site {site} has no tag {tag[:60]!r}{matches}.")
    with reading(context.engine) as connection:
        excerpt = read_excerpt(connection, site, tag)
        blocked = read_blocked_tags(connection, site)
        living = read_synonyms(connection, site)
    relations = overview.relations
    return render(
        context,
        request,
        "tag.html",
        site=site,
        row=row,
        is_blocked=tag in blocked,
        excerpt=excerpt,
        stands_for=living.get(tag),
        renamed=sorted(dead for dead, other in living.items() if other == tag),
        overview=overview,
        parents=[one for one in relations.implications if one.tag == tag],
        children=[one for one in relations.implications if one.parent == tag],
        synonyms=[one for one in relations.synonyms if tag in (one.tag, one.other)],
        chart=_chart(context, site, tag),
        meter=meter,
    )


def _chart(context: Context, site: str, tag: str) -> Markup | None:
    """A tag's use by month; None while it is being counted."""

    def count() -> MonthlyUses:
        with reading(context.engine) as connection:
            return uses_by_month(connection, site, tag, now=context.clock.now())

    try:
        found = context.memo.get(("uses", site, tag), CHART_SECONDS, count, wait=COUNT_WAIT)
    except NotYet:
        return None
    told = ", by a sample" if found.is_estimate else ""
    return column_chart(f"Questions a month whose author gave it{told}", Series(tag, found.uses))
