"""The stand-in itself: a request and a moment go in, an answer comes out.

There are no sockets in here and no clock, so a fortnight passes in seconds. `adapter` puts a
`requests` session on it, `server` a port.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from demo.standin.errors import (
    ApiError,
    bad_parameter,
    internal_error,
    no_method,
    temporarily_unavailable,
    throttle_violation,
    unknown_site,
)
from demo.standin.faults import WRONG_JSON, Failure, Faults, damage
from demo.standin.items import question_item, site_item, wiki_item
from demo.standin.limits import Call, CutOffError, Limiter, Limits, Observer
from demo.standin.query import Filter, Page, Query, parse, parse_ids, parse_tags, select, select_ids
from demo.standin.site import Listing, Site, Sort, deleted
from demo.standin.wire import (
    Ending,
    HttpAnswer,
    HttpRequest,
    compressed,
    cut_off,
    damaged,
    html,
    plain,
    to_json,
)

VERSION = "2.3"
HEALTH_PATH = "/health"
STATE_PATH = "/_standin/state"
VIOLATIONS_PATH = "/_standin/violations"

_FEEDS = {
    "questions": Listing.QUESTIONS,
    "questions/unanswered": Listing.UNANSWERED,
    "questions/no-answers": Listing.NO_ANSWERS,
}
_BY_ID = "questions/{ids}"
_SITES = "sites"
_SYNONYMS = "tags/synonyms"
_WIKIS = "tags/{tags}/wikis"

_ALWAYS_THE_SAME: Mapping[Failure, HttpAnswer] = {
    Failure.RESET: HttpAnswer(ending=Ending.RESET),
    Failure.SILENT: HttpAnswer(ending=Ending.SILENT),
    Failure.EMPTY: plain(b""),
    Failure.HTML: html(200, "Stack Exchange"),
}


@dataclass(frozen=True)
class _Route:
    """The API method that a path names, with the ids or tags in it."""

    method: str
    ids: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()


class StandIn:
    """A StackExchange API that serves any questions, and misbehaves as told.

        standin = StandIn([site], start=now)
        standin.respond(HttpRequest.of("/2.3/questions?site=stats"), now).body
        standin.observer.violations

    Args:
        sites: what it serves.
        start: when it starts, in epoch seconds; schedules of faults count from here.
        faults: what goes wrong; by default nothing.
        limits: what it allows its clients.
    """

    def __init__(
        self,
        sites: Iterable[Site],
        *,
        start: float,
        faults: Faults | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.sites = {site.name: site for site in sites}
        self.start = start
        self.now = start
        self.faults = faults or Faults()
        self.observer = Observer()
        self._limiter = Limiter(limits or Limits(), self.observer)
        self._rng = self.faults.rng
        self._arrived = 0  # API requests, also those that are refused a connection
        self._failures: Counter[Failure] = Counter()
        self._lock = threading.Lock()

    def respond(self, request: HttpRequest, now: float) -> HttpAnswer:
        """The answer to a request at a moment, in epoch seconds. Safe to call from threads."""
        with self._lock:
            self.advance(now)
            own = self._own_page(request.path)
            return own if own is not None else self._answer(request)

    def advance(self, now: float) -> None:
        """Let time pass; it never runs backwards."""
        self.now = max(self.now, now)
        for site in self.sites.values():
            site.advance(self.now)

    def state(self) -> dict[str, object]:
        """What it serves and has done, for JSON."""
        return {
            "now": self.now,
            "requests": self.observer.requests,
            "failures": dict(self._failures),
            "sites": {site.name: _counts(site) for site in self.sites.values()},
        }

    def _own_page(self, path: str) -> HttpAnswer | None:
        """Pages outside the API, which count for nothing."""
        if path == HEALTH_PATH:
            return plain(to_json({"status": "ok"}))
        if path == STATE_PATH:
            return plain(to_json(self.state()))
        if path == VIOLATIONS_PATH:
            return plain(to_json(self.observer.report()))
        return None

    def _answer(self, request: HttpRequest) -> HttpAnswer:
        number = self._arrived
        self._arrived += 1
        call = _call(request)
        failure = self.faults.failure(number, self.now - self.start, call.method)
        if failure:
            self._failures[failure] += 1
        if failure is Failure.REFUSED:
            return HttpAnswer(ending=Ending.REFUSED)
        try:
            self._limiter.admit(call, self.now, self._cut_off_seconds(number))
            instead = self._instead(failure, call, number) if failure else None
            if instead is not None:
                return instead
            wrapper = self._wrapper(request, call, number, intact=failure is None)
        except ApiError as error:
            return self._error(error, number)
        except CutOffError:
            return cut_off()
        return damaged(compressed(to_json(wrapper)), failure)

    def _instead(self, failure: Failure, call: Call, number: int) -> HttpAnswer | None:
        """What comes in place of a good answer, or None where a good one is damaged later.

        Raises:
            ApiError, CutOffError: It is one of the API's own refusals.
        """
        if failure is Failure.SERVER_ERROR:
            return html(self._rng.pick((500, 502, 503, 504), "5xx", number), "Server Error")
        if failure is Failure.WRONG_JSON:
            return compressed(to_json(self._rng.pick(WRONG_JSON, "wrong JSON", number)))
        self._refuse(failure, call, number)
        return _ALWAYS_THE_SAME.get(failure)

    def _refuse(self, failure: Failure, call: Call, number: int) -> None:
        """Raise what the API says of its own accord: errors and throttles."""
        if failure is Failure.INTERNAL:
            raise internal_error()
        if failure is Failure.UNAVAILABLE:
            raise temporarily_unavailable(status=self._rng.pick((400, 503), "status", number))
        if failure is Failure.CUT_OFF:
            self._limiter.cut_off(call.address, self.now + self._cut_off_seconds(number))
            raise CutOffError
        if failure is Failure.THROTTLE:
            seconds = self._rng.whole(self.faults.throttle_seconds, "throttle", number)
            self._limiter.throttle(call.address, self.now + seconds)
            raise throttle_violation(seconds, status=self._rng.pick((400, 502), "status", number))

    def _wrapper(
        self, request: HttpRequest, call: Call, number: int, *, intact: bool
    ) -> dict[str, Any]:
        """The JSON of a good answer. `intact`: nothing will damage it on its way."""
        route, query = _route(request.path), parse(request.params)
        self._check_key(call.key)
        items: list[object]
        if route.method == _SITES:
            page, items = self._sites(request.params, query)
        elif route.method == _SYNONYMS:
            page, items = _synonyms(self._site(call.site), query)
        elif route.method == _WIKIS:
            page, items = _wikis(self._site(call.site), route.tags, query)
        else:
            site = self._site(call.site)
            page = _page(site, route, query)
            items = self._items(site, page, query, number)
            self._vanish(site, page, number)
        if query.filter is Filter.NONE:
            return {}
        if query.filter is Filter.TOTAL:
            return {"total": page.total}
        wrapper: dict[str, Any] = {"items": items, "has_more": page.has_more}
        if intact and self._rng.chance(self.faults.backoff, "backoff", number):
            wrapper["backoff"] = self._rng.whole(self.faults.backoff_seconds, "seconds", number)
            self._limiter.back_off(call, self.now + wrapper["backoff"])
        return {**wrapper, **self._limiter.quota(call, self.now, tell=intact)}

    def _check_key(self, key: str | None) -> None:
        valid = self._limiter.limits.keys
        if key and valid is not None and key not in valid:
            raise bad_parameter("`key` doesn't match a known application")

    def _site(self, name: str | None) -> Site:
        """A site by its name or its address: the API takes both."""
        if not name:
            raise bad_parameter("site is required")
        if name in self.sites:
            return self.sites[name]
        for site in self.sites.values():
            host = urlsplit(site.url).netloc
            if name in (host, host.removesuffix(".com")):
                return site
        raise unknown_site(name)

    def _sites(self, params: Mapping[str, str], query: Query) -> tuple[Page, list[object]]:
        if "site" in params:
            raise bad_parameter("This method does not accept a `site` parameter")
        begin = (query.page - 1) * query.pagesize
        end = begin + query.pagesize
        shown = list(self.sites.values())[begin:end]
        page = Page(has_more=len(self.sites) > end, total=len(self.sites))
        return page, [site_item(site) for site in shown]

    def _items(self, site: Site, page: Page, query: Query, number: int) -> list[object]:
        items: list[object] = []
        with_body = query.filter is Filter.WITH_BODY
        for question in page.questions:
            item = question_item(question, site, self._rng, with_body=with_body)
            fault = self.faults.item_fault(number, site.name, question.question_id)
            items.append(damage(item, fault, question) if fault else item)
        return items

    def _vanish(self, site: Site, page: Page, number: int) -> None:
        """Remove a question once its page is read, so that the pages behind it move up."""
        vanishes = self._rng.chance(self.faults.vanishing, "vanishing", number)
        if vanishes and page.has_more and page.questions:
            question = self._rng.pick(page.questions, "vanishing which", number)
            site.schedule(deleted(self.now, question.question_id))

    def _error(self, error: ApiError, number: int) -> HttpAnswer:
        body = to_json(error.wrapper())
        if self._rng.chance(self.faults.plain_errors, "plain error", number):
            return plain(body, error.status)
        return compressed(body, error.status)

    def _cut_off_seconds(self, number: int) -> int:
        return self._rng.whole(self.faults.cut_off_seconds, "cut off", number)


def _call(request: HttpRequest) -> Call:
    """The request as the rules see it, whether or not it is a good one."""
    params = {name: value for name, value in request.params.items() if name != "key"}
    url = f"{request.path}?{urlencode(params)}" if params else request.path
    method: str = request.path
    identity: tuple[object, ...] = (request.path, *sorted(params.items()))
    try:
        route = _route(request.path)
        method = route.method
        # vectors are unordered here, and a default is the same whether written or not
        identity = (route, params.get("site"), parse(request.params))
    except ApiError:
        pass  # it is told so once it is let in
    key = request.params.get("key") or None
    return Call(request.address, key, params.get("site"), method, identity, url)


def _route(path: str) -> _Route:
    """The API method that a path names.

    Raises:
        ApiError: there is none, or its ids are wrong.
    """
    version, _, method = path.strip("/").partition("/")
    if version != VERSION:
        raise no_method()
    if method in _FEEDS or method in (_SITES, _SYNONYMS):
        return _Route(method)
    first, _, vector = method.partition("/")
    if first == "questions" and vector and vector[0] in "0123456789;":
        return _Route(_BY_ID, parse_ids(vector))
    if first == "tags" and vector.endswith("/wikis"):
        return _Route(_WIKIS, tags=parse_tags(vector.removesuffix("/wikis")))
    raise no_method()


def _page(site: Site, route: _Route, query: Query) -> Page:
    if route.method == _BY_ID:
        return select_ids(site, route.ids, query)
    return select(site, _FEEDS[route.method], query)


def _counts(site: Site) -> dict[str, int]:
    shown = {listing.value: len(site.entries(listing, Sort.CREATION)) for listing in Listing}
    return {**shown, "all": len(site.questions), "changes_to_come": site.planned}


def _synonyms(site: Site, query: Query) -> tuple[Page, list[object]]:
    since, begin = query.minimum or 0, (query.page - 1) * query.pagesize
    found = [item for item in site.synonyms if int(str(item["creation_date"])) >= since]
    end = begin + query.pagesize
    return Page(has_more=len(found) > end, total=len(found)), list(found[begin:end])


def _wikis(site: Site, tags: frozenset[str], query: Query) -> tuple[Page, list[object]]:
    """What the site says of tags; those without a wiki are silently missing."""
    found = [wiki_item(tag, *site.excerpts[tag]) for tag in sorted(tags & site.excerpts.keys())]
    begin = (query.page - 1) * query.pagesize
    end = begin + query.pagesize
    return Page(has_more=len(found) > end, total=len(found)), list(found[begin:end])
