"""Atom feeds for readers, which send no token: the key stands in the feed's address."""

from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.database.engine import reading
from review.api.questions import FilterDep
from review.notify.atom import MEDIA_TYPE, as_atom
from review.notify.entries import Kind, find_entries
from review.web.context import ContextDep

router = APIRouter()


@router.get("/feeds/{kind}.atom")
def show_feed(
    request: Request,
    context: ContextDep,
    kind: Kind,
    chosen: FilterDep,
) -> Response:
    """New suggestions, or the author's tags that the model disputes most, by a filter."""
    if kind == "suggested" and chosen.state is None:
        chosen = replace(chosen, state="suggested")
    with reading(context.engine) as connection:
        entries = find_entries(connection, kind, chosen)
    own = [(name, value) for name, value in request.query_params.multi_items() if name != "key"]
    feed = as_atom(
        entries,
        title=f"{chosen.site}: {'new suggestions' if kind == 'suggested' else 'disputed tags'}",
        address=f"{request.url.scheme}://{request.url.netloc}{request.url.path}?{urlencode(own)}",
        now=context.clock.now(),
    )
    return Response(feed, media_type=MEDIA_TYPE)
