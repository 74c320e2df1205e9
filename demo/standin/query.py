"""The parameters of a list of questions, and the page that they name.

https://api.stackexchange.com/docs/questions and /docs/paging: `min` and `max` bound the field
that is sorted by, `fromdate` and `todate` always the creation date, all four inclusive.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from demo.standin.errors import bad_parameter, page_needs_key
from demo.standin.site import Listing, Question, Site, Sort

MAX_IDS = 100
MAX_TAGS = 20
MAX_PAGE_SIZE = 100
LAST_PAGE_WITHOUT_KEY = 25


class Filter(StrEnum):
    """The built-in filters, which say what an answer holds."""

    DEFAULT = "default"
    WITH_BODY = "withbody"
    NONE = "none"
    TOTAL = "total"


@dataclass(frozen=True)
class Query:
    """A request's parameters, checked."""

    sort: Sort = Sort.ACTIVITY
    descending: bool = True
    minimum: int | None = None
    maximum: int | None = None
    fromdate: int | None = None
    todate: int | None = None
    page: int = 1
    pagesize: int = 30
    filter: Filter = Filter.DEFAULT


@dataclass(frozen=True)
class Page:
    """The questions of one page. `total` is that of all pages, where it was asked for."""

    questions: Sequence[Question] = field(default_factory=tuple)
    has_more: bool = False
    total: int | None = None


def parse(params: Mapping[str, str]) -> Query:
    """Check a request's parameters; those that the API does not know are ignored, as it does.

    Raises:
        ApiError: a value is wrong, or the page is one that needs a key.
    """
    page = _within(params, "page", 1, lowest=1)
    if page > LAST_PAGE_WITHOUT_KEY and not params.get("key"):
        raise page_needs_key()
    order = params.get("order") or "desc"
    if order not in ("asc", "desc"):
        raise bad_parameter("order")
    return Query(
        sort=_choice(params, "sort", Sort.ACTIVITY),
        descending=order == "desc",
        minimum=_whole_number(params, "min"),
        maximum=_whole_number(params, "max"),
        fromdate=_whole_number(params, "fromdate"),
        todate=_whole_number(params, "todate"),
        page=page,
        pagesize=_within(params, "pagesize", 30, lowest=0, highest=MAX_PAGE_SIZE),
        filter=_filter(params),
    )


def parse_ids(vector: str) -> frozenset[int]:
    """The ids of `/questions/{ids}`, separated by semicolons.

    Raises:
        ApiError: they are no numbers, none at all, or more than 100.
    """
    ids = [part for part in vector.split(";") if part]
    if not 0 < len(ids) <= MAX_IDS or not all(part.isascii() and part.isdigit() for part in ids):
        raise bad_parameter("ids")
    return frozenset(map(int, ids))


def parse_tags(vector: str) -> frozenset[str]:
    """The tags of `/tags/{tags}/wikis`, separated by semicolons.

    Raises:
        ApiError: there are none at all, or more than 20.
    """
    tags = [part for part in vector.split(";") if part]
    if not 0 < len(tags) <= MAX_TAGS:
        raise bad_parameter("tags")
    return frozenset(tags)


def select(site: Site, listing: Listing, query: Query) -> Page:
    """The page of a site's listing that the query names."""
    return _page(site, site.entries(listing, query.sort), query)


def select_ids(site: Site, ids: Collection[int], query: Query) -> Page:
    """Those of the questions that the site shows; the others are silently missing."""
    shown = (site.questions[number] for number in ids if number in site)
    return _page(site, sorted(question.sort_key(query.sort) for question in shown), query)


def _page(site: Site, entries: Sequence[tuple[int, int]], query: Query) -> Page:
    positions = _window(entries, query)
    if query.sort is not Sort.CREATION and (query.fromdate, query.todate) != (None, None):
        return _filtered_page((site.questions[entries[at][1]] for at in positions), query)
    begin = (query.page - 1) * query.pagesize
    chosen = positions[begin : begin + query.pagesize]
    return Page(
        questions=[site.questions[entries[at][1]] for at in chosen],
        has_more=len(positions) > begin + query.pagesize,
        total=len(positions) if query.filter is Filter.TOTAL else None,
    )


def _filtered_page(questions: Iterable[Question], query: Query) -> Page:
    """A page of those whose creation date fits, where the list is sorted by something else."""
    low = query.fromdate if query.fromdate is not None else float("-inf")
    high = query.todate if query.todate is not None else float("inf")
    fitting = (question for question in questions if low <= question.creation_date <= high)
    if query.filter is Filter.TOTAL:
        return Page(total=sum(1 for _ in fitting))
    begin = (query.page - 1) * query.pagesize
    found = list(islice(fitting, begin, begin + query.pagesize + 1))
    return Page(questions=found[: query.pagesize], has_more=len(found) > query.pagesize)


def _window(entries: Sequence[tuple[int, int]], query: Query) -> range:
    """Where in a sorted list the query's bounds lie, in the order asked for."""
    lows, highs = [query.minimum], [query.maximum]
    if query.sort is Sort.CREATION:
        lows.append(query.fromdate)
        highs.append(query.todate)
    first = max((bisect_left(entries, (low,)) for low in lows if low is not None), default=0)
    last = min(
        (bisect_left(entries, (high + 1,)) for high in highs if high is not None),
        default=len(entries),
    )
    found = range(first, max(first, last))
    return found[::-1] if query.descending else found


def _within(
    params: Mapping[str, str], name: str, default: int, *, lowest: int, highest: int | None = None
) -> int:
    value = _whole_number(params, name)
    if value is None:
        return default
    if value < lowest or (highest is not None and value > highest):
        raise bad_parameter(name)
    return value


def _whole_number(params: Mapping[str, str], name: str) -> int | None:
    """A whole number or, where the parameter is absent or empty, None."""
    text = params.get(name)
    if not text:
        return None
    digits = text.removeprefix("-")
    # longer ones are no date, and Python refuses to read very long ones
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise bad_parameter(name)
    return int(text)


def _choice(params: Mapping[str, str], name: str, default: Sort) -> Sort:
    try:
        return Sort(params.get(name) or default)
    except ValueError:
        raise bad_parameter(name) from None


def _filter(params: Mapping[str, str]) -> Filter:
    try:
        return Filter(params.get("filter") or Filter.DEFAULT)
    except ValueError:
        raise bad_parameter("Invalid filter specified") from None
