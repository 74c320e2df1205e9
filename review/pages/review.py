"""The review: one question at a time. The page is a frame, which its script fills by the API."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from review.web.context import Context, ContextDep, ReviewerDep, render
from review.web.sites import chosen_site, sites_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the queue: its name in addresses, and as people read it."""

    name: str
    title: str


ORDERS: Final = (
    Order("uncertain", "Most uncertain"),
    Order("newest", "Newest"),
    Order("disputed", "Author's tags that the model disputes"),
    Order("conflicts", "Conflicts between reviewers"),
    Order("random", "At random"),
)

KEPT: Final = ("site", "order")  # of a queue whose filter is cleared

KEYS: Final = (
    ("a", "accept all suggested tags, and go on"),
    ("1 … 9", "choose a tag or take it away"),
    ("/", "add a tag"),
    ("Enter", "save what is chosen, and go on"),
    ("s", "skip this question for good"),
    ("u", "take back the last decision"),
    ("n", "write a note"),
    ("e", "edit on the site, with the tags in the clipboard"),
    ("o", "ask for a second opinion; again: take that back"),
    ("x", "the tag that was pressed last is no tag for this site"),
    ("b", "blind: hide suggestions until you have chosen"),
    ("?", "show these keys"),
)


@router.get("/review")
def review(request: Request, context: ContextDep, _: ReviewerDep) -> HTMLResponse:
    """The page; the address says which queue it shows."""
    query = _query(context, request)
    return render(
        context,
        request,
        "review.html",
        sites=sites_of(context),
        orders=ORDERS,
        keys=KEYS,
        query=query,
        without_filter=urlencode({name: query[name] for name in KEPT if query.get(name)}),
    )


@router.get("/history")
def history(request: Request, context: ContextDep, _: ReviewerDep) -> HTMLResponse:
    """What the reviewer has decided, the newest first, to be taken back."""
    return render(context, request, "history.html")


@router.get("/bulk")
def bulk(request: Request, context: ContextDep, _: ReviewerDep) -> HTMLResponse:
    """One verdict on all questions of a filter."""
    return render(
        context,
        request,
        "bulk.html",
        sites=sites_of(context),
        query=_query(context, request),
    )


def _query(context: Context, request: Request) -> dict[str, str]:
    """What an address chooses, its site by the API's name."""
    query = dict(request.query_params)
    return query | {"site": chosen_site(context, request)} if query.get("site") else query
