"""The poller's loop: which feed of which site is due, one request after the other.

What must outlast a restart stands in the database: feed states, pauses, quota. In memory are
only the passes under way; one that is lost begins again a little before its high-water mark.
"""

import logging
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from core.clock import CLOCK_SET_BACK, Clock
from core.database.api_tables import PauseReason
from core.database.engine import reading
from core.errors import (
    ApiContradiction,
    ApiError,
    ApiKeyRefused,
    ApiNotConnected,
    ApiPaused,
    ApiRepeated,
    ApiThrottled,
    ApiUnavailable,
    ApiUnreachable,
    BrokerUnreachable,
    DatabaseUnreachable,
)
from core.feeds import FEEDS, FeedName
from core.parts.retry import Outage, until_reachable
from core.settings import Settings
from core.wording import counted
from poller.api import Api
from poller.feed_state import FeedState, failed, feed_states
from poller.feeds import Cursor, Feed, Step, synonyms, wikis
from poller.feeds.passes import FREE_PAGES, Progress
from poller.quota import QuotaPlan, plan_quota

log = logging.getLogger(__name__)

FIRST_RETRY = 60.0  # seconds after a refusal, as the API wants no identical request sooner
# After no answer: a pass begins with another request each time; its other pages wait their minute.
FIRST_RETRY_UNANSWERED = 10.0
LONGEST_RETRY = 900.0
LONGEST_PAUSE = 86_400.0  # of a feed whose answers contradict themselves
LONGEST_SLEEP = 900.0  # other processes may change what is due
REPEATED_SECONDS = 5.0  # another poller may have moved the mark meanwhile, by which one asks
HISTORY_SECONDS = 2.0  # between two pages of history
PATIENCE = 65.0  # of a single pass, for a backoff or the minute between identical requests
_FOREVER = 3.2e9  # seconds: a hundred years
_NEVER = datetime.max.replace(tzinfo=UTC)

FeedKey = tuple[str, FeedName]  # site and feed


def log_failure(site: str, name: FeedName, error: ApiError, seconds: float) -> None:
    """Say in the log that a request failed, and when it is made again.

    Not of one that was never sent: an API that is away is told of once.
    """
    level = logging.DEBUG if isinstance(error, ApiNotConnected) else logging.WARNING
    log.log(level, "%s, %s: %s; next try in %.0f s", site, name, error, seconds)


def log_pause(site: str, name: FeedName, pause: ApiPaused, level: int = logging.DEBUG) -> None:
    """Say in the log that a request must wait, and why."""
    log.log(level, "%s, %s: %s", site, name, pause)


@dataclass(slots=True)
class Poller:
    """Reads the feeds of all sites, one request at a time.

    Attributes:
        feeds: those that it reads, by name.
        chance: spreads pauses.
        enqueue: called with a site and the keys whose tagging a request of the API has requested.
        on_step: called after each request that was answered.
        on_failure: called after each that failed, with the seconds until the next one.
        on_pause: called where one must wait.
    """

    settings: Settings
    engine: Engine
    enqueue: Callable[[str, tuple[int, ...]], object]
    api: Api
    feeds: Mapping[FeedName, Feed]
    clock: Clock
    chance: random.Random
    on_step: Callable[[str, FeedName, Step], None] = lambda *_: None
    on_failure: Callable[[str, FeedName, ApiError, float], None] = log_failure
    on_pause: Callable[[str, FeedName, ApiPaused], None] = log_pause
    _passes: dict[FeedKey, Cursor] = field(default_factory=dict)
    _progress: dict[FeedKey, Progress] = field(default_factory=dict)
    _broker: Outage = field(default_factory=lambda: Outage(log, "the broker"))
    _away: Outage = field(default_factory=lambda: Outage(log, "the API"))
    _unconnected: Counter[FeedKey] = field(default_factory=Counter)  # failures without a connection
    _not_before: dict[FeedKey, float] = field(default_factory=dict)  # by the clock's monotonic()

    def run(self, stopped: Callable[[], bool]) -> None:
        """Read whatever is due until told to stop; waits for the database where it is away."""
        while not stopped():
            seconds = until_reachable(self._next, self.clock)
            if seconds > 0:
                self.clock.sleep(seconds)

    def run_once(self) -> list[str]:
        """Read each site's new, changed and due stored questions once, all their pages.

        Returns:
            What could not be read now, and why: a line each.
        """
        trouble = []
        told: set[str] = set()
        for site in self.settings.sites:
            for name in FEEDS[:-1]:  # history takes days
                if not _is_affordable(name, self.quota_plan()):
                    continue
                problem = self._pass(site, name)
                reason = _reason_for_all(problem, self.clock.now())
                if problem is not None and reason not in told:
                    trouble.append(f"{site}, {name}: {problem}")
                if reason is not None:
                    told.add(reason)
                if isinstance(problem, ApiUnreachable):
                    return trouble
        return trouble

    def quota_plan(self) -> QuotaPlan:
        """What the quota allows now."""
        return self._quota_plan({site: self._states(site) for site in self.settings.sites})

    def _fastest_plan(self) -> QuotaPlan:
        """The shortest intervals that the quota allows: what fails is asked for no faster."""
        quota, sites = self.api.rate_limit.quota(), len(self.settings.sites)
        return plan_quota(quota, sites=sites, poll_seconds=1, changed_seconds=1, history=False)

    def _next(self) -> float:
        """Take the step that is due, if any, and return the seconds until the next one."""
        states = {site: self._states(site) for site in self.settings.sites}
        plan = self._quota_plan(states)
        now = self.clock.now()
        keys = [(site, name) for site in states for name in FEEDS if name in self.feeds]
        due = {key: self._due(key, states[key[0]], plan, now) for key in keys}
        ready = [key for key in keys if due[key] <= now]
        if not ready:
            soonest = min(due.values(), default=_NEVER)
            return min((soonest - now).total_seconds(), LONGEST_SLEEP)
        self._step(min(ready, key=lambda key: (FEEDS.index(key[1]), due[key])))
        return 0.0

    def _due(
        self, key: FeedKey, states: Mapping[str, FeedState], plan: QuotaPlan, now: datetime
    ) -> datetime:
        """When a feed's next request is due."""
        _, name = key
        state = states.get(name, FeedState())
        if name == "history" and not (plan.history_requests and self._has_history_left(state)):
            return _NEVER
        if not _is_affordable(name, plan):
            return _NEVER
        last = state.attempted_at
        if last is None or last > now + CLOCK_SET_BACK:
            due = now
        elif state.retry_at is not None:
            due = state.retry_at
        elif key in self._passes and self._goes_on_at_once(key, plan):
            due = now
        else:
            due = _later(last, _seconds(plan, name))
        paused = self._not_before.get(key, 0.0) - self.clock.monotonic()
        return max(due, now + timedelta(seconds=paused)) if paused > 0 else due

    def _goes_on_at_once(self, key: FeedKey, plan: QuotaPlan) -> bool:
        """Whether a pass may read its next page now: long ones only where there is quota to spare.

        So no answer, however wrong, uses up what the other feeds are to have.
        """
        pages = self._progress.get(key, Progress()).pages
        return pages < FREE_PAGES or plan.history_requests > 0

    def _has_history_left(self, state: FeedState) -> bool:
        return not state.complete and state.fetched < self.settings.history_questions

    def _quota_plan(self, states: Mapping[str, Mapping[str, FeedState]]) -> QuotaPlan:
        pending = (
            self._has_history_left(site.get("history", FeedState())) for site in states.values()
        )
        return plan_quota(
            self.api.rate_limit.quota(),
            sites=len(self.settings.sites),
            poll_seconds=self.settings.poll_seconds,
            changed_seconds=self.settings.changed_seconds,
            history=any(pending),
        )

    def _states(self, site: str) -> dict[str, FeedState]:
        with reading(self.engine) as connection:
            return feed_states(connection, site)

    def _pass(self, site: str, name: FeedName) -> ApiError | None:
        """Read all pages of a feed, sitting short pauses out; return what ended it early."""
        while True:
            problem = self._step((site, name))
            if isinstance(problem, ApiPaused):
                seconds = (problem.until - self.clock.now()).total_seconds()
                if seconds < PATIENCE:
                    self.clock.sleep(max(seconds, 0))
                    continue
            if problem is not None or (site, name) not in self._passes:
                return problem
            if not self._goes_on_at_once((site, name), self.quota_plan()):
                told = "the rest waits for quota; run it again later"
                return ApiPaused(told, until=self.clock.now(), reason=PauseReason.QUOTA)

    def _step(self, key: FeedKey) -> ApiError | None:
        """Make one request of a feed, and keep what comes of it; return what it failed with."""
        site, name = key
        try:
            step = self.feeds[name].step(site, self._passes.get(key))
            self._enqueue(site, step.requested)  # it is stored, whatever the page contradicts
            self._progress.setdefault(key, Progress()).note(step)
        except DatabaseUnreachable:
            self._end_pass(key)  # the same page would be the same request: it begins elsewhere
            raise
        except ApiPaused as pause:
            self.on_pause(site, name, pause)
            seconds = (pause.until - self.clock.now()).total_seconds()
            if isinstance(pause, ApiRepeated):
                seconds = min(seconds, REPEATED_SECONDS)
            self._not_before[key] = self.clock.monotonic() + seconds
            return pause
        except ApiError as error:
            self._fail(key, error)
            return error
        if step.asked:
            self._away.end()
            self._unconnected.pop(key, None)  # as its failures are forgotten
        if step.following is None:
            self._end_pass(key)
        else:
            self._passes[key] = step.following
        if step.new or step.changed:
            log.info(
                "%s, %s: %s, %d edited", site, name, counted(step.new, "new question"), step.changed
            )
        self.on_step(site, name, step)
        return None

    def _end_pass(self, key: FeedKey) -> None:
        self._passes.pop(key, None)
        self._progress.pop(key, None)

    def _fail(self, key: FeedKey, error: ApiError) -> None:
        """Write down a failure, and when its request is made again."""
        site, name = key
        seconds = self._retry_seconds(key, error)
        self._note_connection(key, error)
        if isinstance(error, ApiContradiction):
            self._end_pass(key)
        now = self.clock.now()
        with self.engine.begin() as connection:
            retry_at = now + timedelta(seconds=seconds)
            failed(connection, site, name, now=now, error=str(error), retry_at=retry_at)
        self.on_failure(site, name, error, seconds)

    def _retry_seconds(self, key: FeedKey, error: ApiError) -> float:
        """How long to pause after a failure: longer with every one in a row."""
        site, name = key
        most = max(LONGEST_RETRY, min(_seconds(self._fastest_plan(), name), LONGEST_PAUSE))
        if isinstance(error, ApiContradiction):
            return most
        # Tries that reached nobody let nobody wait longer who answers again, if only with an error.
        failures = self._states(site).get(name, FeedState()).failures - self._unconnected[key]
        unanswered = isinstance(error, ApiUnreachable | ApiUnavailable)
        first = FIRST_RETRY_UNANSWERED if unanswered else FIRST_RETRY
        longest = min(first * 2 ** min(max(failures, 0) + 1, 20), most)
        if isinstance(error, ApiNotConnected):
            longest = FIRST_RETRY_UNANSWERED  # its pauses are the rate limit's
        seconds = self.chance.uniform(longest / 2, longest)
        return max(seconds, error.seconds or 0) if isinstance(error, ApiThrottled) else seconds

    def _note_connection(self, key: FeedKey, error: ApiError) -> None:
        """Tell of an API that is away, or back."""
        if isinstance(error, ApiNotConnected):
            self._away.note(str(error))
            self._unconnected[key] += 1
        elif not isinstance(error, ApiUnreachable):  # it is an answer
            self._away.end()

    def _enqueue(self, site: str, pks: tuple[int, ...]) -> None:
        if not pks:
            return
        try:
            self.enqueue(site, pks)
        except BrokerUnreachable as error:
            self._broker.note(str(error))
        else:
            self._broker.end()


def _reason_for_all(problem: ApiError | None, now: datetime) -> str | None:
    """Why no feed of any site may be asked now, where that is what one failed with."""
    match problem:
        case ApiThrottled():
            return PauseReason.THROTTLED
        case ApiKeyRefused():
            return PauseReason.KEY_REFUSED
        case ApiPaused(reason=reason) if problem.until > now:
            return None if reason in (PauseReason.OWN_RULE, PauseReason.BACKOFF) else reason
    return None


def _is_affordable(name: FeedName, plan: QuotaPlan) -> bool:
    """Whether the quota allows a feed: wikis come after all that is asked for questions."""
    return name != "wikis" or math.isfinite(plan.refresh_seconds)


def _seconds(plan: QuotaPlan, name: FeedName) -> float:
    return {
        "live": plan.live_seconds,
        "changed": plan.changed_seconds,
        "refresh": plan.refresh_seconds,
        "synonyms": synonyms.EVERY.total_seconds(),
        "wikis": wikis.EVERY.total_seconds(),
        "history": HISTORY_SECONDS,
    }[name]


def _later(time: datetime, seconds: float) -> datetime:
    # What is left of a quota may be a billionth of a request, which takes longer than dates last.
    return time + timedelta(seconds=seconds) if seconds < _FOREVER else _NEVER
