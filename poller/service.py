"""The poller's loop: which feed of which site is due, one request after the other.

What must outlast a restart stands in the database: marks, failures, pauses, quota. In memory are
only the passes under way; one that is lost begins again a little before its mark.
"""

import logging
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from celery import Celery
from sqlalchemy import Engine

from core.broker.queue import enqueue_tagging
from core.clock import Clock
from core.database.engine import reading
from core.errors import (
    ApiError,
    ApiPaused,
    ApiThrottled,
    ApiUnreachable,
    BrokerUnreachable,
)
from core.feeds import FEEDS, FeedName
from core.retry import until_reachable
from core.settings import Settings
from poller.api import Api
from poller.feed_state import FeedState, failed, feed_states
from poller.feeds import Cursor, Feed, Step
from poller.quota import Plan, make_plan

log = logging.getLogger(__name__)

FIRST_RETRY = 60.0  # seconds after a failure, as the API wants no identical request sooner
LONGEST_RETRY = 900.0
LONGEST_SLEEP = 900.0  # other processes may change what is due
HISTORY_SECONDS = 2.0  # between two pages of history
PATIENCE = 65.0  # of a single pass, for a backoff or the minute between identical requests
_NEVER = datetime.max.replace(tzinfo=UTC)

Task = tuple[str, FeedName]  # site and feed


@dataclass(slots=True)
class Poller:
    """Reads the feeds of all sites, one request at a time.

    Attributes:
        feeds: those that it reads, by name.
        chance: spreads pauses.
        on_step: called after each request that was answered.
    """

    settings: Settings
    engine: Engine
    queue: Celery
    api: Api
    feeds: Mapping[FeedName, Feed]
    clock: Clock
    chance: random.Random
    on_step: Callable[[str, FeedName, Step], None] = lambda *_: None
    _passes: dict[Task, Cursor] = field(default_factory=dict)
    _not_before: dict[Task, datetime] = field(default_factory=dict)

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
        for site in self.settings.sites:
            for name in FEEDS[:-1]:  # history takes days
                problem = self._pass(site, name)
                if problem is not None:
                    trouble.append(f"{site}, {name}: {problem}")
                if isinstance(problem, ApiUnreachable):
                    return trouble
        return trouble

    def plan(self) -> Plan:
        """What the quota allows now."""
        return self._plan({site: self._states(site) for site in self.settings.sites})

    def _next(self) -> float:
        """Take the step that is due, if any, and return the seconds until the next one."""
        states = {site: self._states(site) for site in self.settings.sites}
        plan = self._plan(states)
        now = self.clock.now()
        tasks = [(site, name) for site in states for name in FEEDS if name in self.feeds]
        due = {task: self._due(task, states[task[0]], plan, now) for task in tasks}
        ready = [task for task in tasks if due[task] <= now]
        if not ready:
            soonest = min(due.values(), default=_NEVER)
            return min((soonest - now).total_seconds(), LONGEST_SLEEP)
        self._step(min(ready, key=lambda task: (FEEDS.index(task[1]), due[task])))
        return 0.0

    def _due(
        self, task: Task, states: Mapping[str, FeedState], plan: Plan, now: datetime
    ) -> datetime:
        """When a feed's next request is due."""
        _, name = task
        state = states.get(name, FeedState())
        if name == "history" and not (plan.history_requests and self._wants_history(state)):
            return _NEVER
        if state.retry_at is not None:
            due = state.retry_at
        elif state.attempted_at is None or task in self._passes:
            due = now
        else:
            due = _later(state.attempted_at, _seconds(plan, name))
        return max(due, self._not_before.get(task, due))

    def _wants_history(self, state: FeedState) -> bool:
        return not state.complete and state.fetched < self.settings.history_questions

    def _plan(self, states: Mapping[str, Mapping[str, FeedState]]) -> Plan:
        pending = (
            self._wants_history(site.get("history", FeedState())) for site in states.values()
        )
        return make_plan(
            self.api.manners.quota(),
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

    def _step(self, task: Task) -> ApiError | None:
        """Make one request of a feed, and keep what comes of it; return what it failed with."""
        site, name = task
        try:
            step = self.feeds[name].step(site, self._passes.get(task))
        except ApiPaused as pause:
            log.debug("%s, %s: %s", site, name, pause)
            self._not_before[task] = pause.until
            return pause
        except ApiError as error:
            self._fail(task, error)
            return error
        if step.following is None:
            self._passes.pop(task, None)
        else:
            self._passes[task] = step.following
        if step.new or step.changed:
            log.info("%s, %s: %d new questions, %d edited", site, name, step.new, step.changed)
        self._enqueue(site, step.requested)
        self.on_step(site, name, step)
        return None

    def _fail(self, task: Task, error: ApiError) -> None:
        """Write down a failure, and a pause that grows with every one in a row."""
        site, name = task
        failures = self._states(site).get(name, FeedState()).failures
        longest = min(FIRST_RETRY * 2 ** min(failures + 1, 20), LONGEST_RETRY)
        seconds = self.chance.uniform(longest / 2, longest)
        if isinstance(error, ApiThrottled):
            seconds = max(seconds, error.seconds or 0)
        now = self.clock.now()
        with self.engine.begin() as connection:
            retry_at = now + timedelta(seconds=seconds)
            failed(connection, site, name, now=now, error=str(error), retry_at=retry_at)
        log.warning("%s, %s: %s; next try in %.0f s", site, name, error, seconds)

    def _enqueue(self, site: str, pks: tuple[int, ...]) -> None:
        try:
            enqueue_tagging(self.queue, site, pks)
        except BrokerUnreachable as error:
            log.warning("%s", error)


def _seconds(plan: Plan, name: FeedName) -> float:
    return {
        "live": plan.live_seconds,
        "changed": plan.changed_seconds,
        "refresh": plan.refresh_seconds,
        "history": HISTORY_SECONDS,
    }[name]


def _later(time: datetime, seconds: float) -> datetime:
    return _NEVER if math.isinf(seconds) else time + timedelta(seconds=seconds)
