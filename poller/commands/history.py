"""Fetches past questions while the API gives them, and gives up where it does not."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.clock import Clock
from core.console import progress
from core.database.engine import reading
from core.errors import ApiContradiction, ApiError, ApiPaused, ApiRefused, ApiThrottled
from core.feeds import FeedName
from core.site_names import is_site_of_network
from core.wording import counted
from poller.feed_state import feed_state, forget_unread
from poller.feeds import Step
from poller.feeds.history import HistoryFeed, requests_for
from poller.service import Poller, log_failure, log_pause
from poller.sites import require_sites

MOST_FAILURES = 4  # in a row, over some two minutes
LONG_PAUSE = timedelta(seconds=70)  # the minute between identical requests is none


def check_named(poller: Poller, sites: Sequence[str]) -> None:
    """Refuse sites that the API does not have, before anything of them is written.

    Raises:
        UnknownSite: there is no such site; says what may have been meant.
        ApiError: the API gives no answer, so nothing could be fetched either.
    """
    try:
        require_sites(poller.api, poller.engine, poller.clock, sites, named_by="--site")
    except ApiPaused:
        unknown = [site for site in sites if not is_site_of_network(site)]
        if unknown:
            raise


def fetch_history(poller: Poller, sites: Sequence[str], stopped: Callable[[], bool]) -> HistoryFeed:
    """Fetch the sites' past questions, until told to stop or today's quota for them is used.

    Returns:
        The feed, which says how far it has come.

    Raises:
        ApiError: the API does not answer, or refuses; what it gave before is stored.
    """
    feed = HistoryFeed(poller.api, poller.engine, poller.clock, poller.settings)
    failures = _Failures()
    poller.feeds = {"history": feed}
    poller.on_step, poller.on_failure = failures.end, failures.note
    poller.on_pause = _Pauses(poller.clock).note
    for site in sites:
        if feed.remaining(site) and poller.quota_plan().history_requests:
            _tell_retry(poller, site, feed.name)
    total = sum(feed.remaining(site) for site in sites)
    with progress("history", total) as bar:

        def ended() -> bool:
            to_go = sum(feed.remaining(site) for site in sites)
            left = poller.quota_plan().history_requests
            told = f"history: {counted(requests_for(to_go), 'request')} to go, {left} allowed today"
            bar.update(bar.task_ids[0], completed=total - to_go, description=told)
            return stopped() or to_go == 0 or left == 0 or failures.are_enough

        poller.run(ended)
    if failures.are_enough and failures.last is not None:
        if not isinstance(failures.last, ApiContradiction):  # those are counted, then believed
            with poller.engine.begin() as connection:
                forget_unread(connection, failures.site, feed.name)
        raise failures.last
    return feed


def _tell_retry(poller: Poller, site: str, name: FeedName) -> None:
    """Say what a feed failed with before, where it is not asked for again yet."""
    with reading(poller.engine) as connection:
        state = feed_state(connection, site, name)
    now = poller.clock.now()
    if state.retry_at is not None and now < state.retry_at:
        seconds = (state.retry_at - now).total_seconds()
        log_failure(site, name, ApiError(state.last_error or ""), seconds)


@dataclass(frozen=True, slots=True)
class _Pauses:
    """Tells of long pauses on the terminal, each once: most hold for all sites."""

    clock: Clock
    told: set[datetime] = field(default_factory=set)

    def note(self, site: str, name: FeedName, pause: ApiPaused) -> None:
        """A request must wait."""
        is_long = pause.until > self.clock.now() + LONG_PAUSE
        is_to_tell = is_long and pause.until not in self.told
        log_pause(site, name, pause, logging.WARNING if is_to_tell else logging.DEBUG)
        if is_to_tell:
            self.told.add(pause.until)


@dataclass(slots=True)
class _Failures:
    """Failures in a row, as a poller tells of them."""

    count: int = 0
    answered: bool = False
    site: str = ""
    last: ApiError | None = None

    def end(self, _site: str, _name: FeedName, _step: Step) -> None:
        """There was an answer."""
        self.count, self.answered = 0, True

    def note(self, site: str, name: FeedName, error: ApiError, seconds: float) -> None:
        """A request failed; the next one is due in so many seconds."""
        self.count, self.site, self.last = self.count + 1, site, error
        if not self.are_enough:
            log_failure(site, name, error, seconds)

    @property
    def are_enough(self) -> bool:
        """Whether to give up: refused, away from the beginning, or again and again."""
        is_final = isinstance(self.last, ApiRefused) and not isinstance(self.last, ApiThrottled)
        return self.count >= (MOST_FAILURES if self.answered and not is_final else 1)
