"""Looking through a site's questions, and at one of them with all its predictions."""

from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.known_tags import find_tag
from core.errors import UnknownTag
from review.api.fields import Number, Site
from review.api.questions import Cursor, NarrowedDep
from review.browse.cursors import place_of
from review.browse.export import FORMATS
from review.browse.filters import STATES
from review.browse.find import find_page
from review.browse.question import find_question
from review.decisions.states import read_states
from review.render.question_html import render_body
from review.web.access import feed_key_of
from review.web.context import ContextDep, ReviewerDep, render
from review.web.forms import fields_of
from review.web.sites import chosen_site, sites_of

router = APIRouter()

FIELDS: Final = ("tag", "state", "since", "until", "min_probability", "q")


@router.get("/browse")
def browse(
    request: Request,
    context: ContextDep,
    reviewer: ReviewerDep,
    narrowed: NarrowedDep,
    cursor: Cursor = None,
) -> HTMLResponse:
    """A page of questions by a filter."""
    site = chosen_site(context, request)
    place = place_of(cursor, by_date=narrowed.by_date)
    with reading(context.engine) as connection:
        tag, no_tag = _known_tag(connection, site, narrowed.tag)
        page = find_page(connection, replace(narrowed, site=site, tag=tag), place)
        key = feed_key_of(connection, reviewer)
    given = fields_of(request.query_params, FIELDS) | {"tag": tag or ""}
    query = {"site": site} | {name: value for name, value in given.items() if value}
    return render(
        context,
        request,
        "browse.html",
        page=page,
        site=site,
        sites=sites_of(context),
        states=STATES,
        formats=FORMATS,
        given=given,
        query=urlencode(query),
        feed=urlencode(query | {"key": key}),
        older=urlencode(query | {"cursor": page.next.to_cursor()}) if page.next else None,
        is_first=place is None,
        no_tag=no_tag,
    )


def _known_tag(
    connection: Connection, site: str, typed: str | None
) -> tuple[str | None, str | None]:
    """A tag as the site writes it; or as it was typed, and what is told where there is none."""
    if typed is None:
        return None, None
    try:
        return find_tag(connection, typed, sites=[site]), None
    except UnknownTag as error:
        return typed, str(error)


@router.get("/browse/{site}/{question_id}")
def show_question(
    request: Request, context: ContextDep, reviewer: ReviewerDep, site: Site, question_id: Number
) -> HTMLResponse:
    """A question: its text, what every version predicted, and the reviewer's own verdicts."""
    with reading(context.engine) as connection:
        found = find_question(connection, site, question_id)
        own = read_states(connection, reviewer, [found.pk])[found.pk]
    images = context.settings.review_images
    body = render_body(found.body, images=images, base=found.question.link)
    return render(
        context, request, "question.html", found=found, one=found.question, body=body, own=own
    )
