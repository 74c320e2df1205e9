"""A fortnight of a site, and a poller that is killed at random moments while it reads it."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

import requests
from pydantic import SecretStr
from sqlalchemy import Engine, event, select
from sqlalchemy.engine import Connection

from core.clock import Clock
from core.database.api_tables import SkippedItem
from core.database.tables import Question
from core.questions.store import FetchedQuestion
from core.settings import Settings
from demo.standin.adapter import StandInAdapter
from demo.standin.api import StandIn
from demo.standin.faults import Failure, Faults, ItemFault
from demo.standin.site import Listing
from demo.standin.timeline import Life, Release, site_of
from poller.build import make_poller
from poller.service import Poller
from tests.conftest import ManualClock

SITE = "stats"
API = "http://stand-in.test/2.3"
# What the real API does too, and a client has to take as it is.
LAWFUL_ITEM_FAULTS = {ItemFault.NO_OWNER, ItemFault.DELETED_OWNER, ItemFault.HUGE_BODY}


class Killed(BaseException):
    """The process is gone: no code of its own runs any more."""


@dataclass
class RecordingQueue:
    """Stands where the queue is refilled, and keeps what was requested."""

    tasks: list[tuple[str, list[int]]] = field(default_factory=list)

    def enqueue(self, site: str, pks: tuple[int, ...]) -> None:
        self.tasks.append((site, list(pks)))

    def keys(self) -> Counter[int]:
        return Counter(key for _, keys in self.tasks for key in keys)


@dataclass
class Killer:
    """Kills the process at a random one of its statements and requests.

    A throttle violation that has been answered but not written down yet is let through: what a
    process took to its grave, no other can obey.
    """

    standin: StandIn
    chance: random.Random
    share: float
    throttles: int = 0

    def maybe(self) -> None:
        if self.chance.random() < self.share and self._throttles() == self.throttles:
            raise Killed

    def before_request(self) -> None:
        self.maybe()
        self.throttles = self._throttles()

    def _throttles(self) -> int:
        return self.standin._failures.get(Failure.THROTTLE, 0)


class MortalSession(requests.Session):
    """A session whose process may die before it sends, and whose answers take a moment."""

    def __init__(self, killer: Killer, clock: Clock) -> None:
        super().__init__()
        self._killer = killer
        self._clock = clock

    def send(self, *args: Any, **options: Any) -> requests.Response:
        self._killer.before_request()
        self._clock.sleep(0.2)
        return super().send(*args, **options)


def made_up_questions(count: int, site: str = SITE) -> list[FetchedQuestion]:
    return [
        FetchedQuestion(
            site=site,
            question_id=number,
            title=f"Can't question {number} & its tags be told?",
            body=f"<p>Text {number}: <code>x &lt; y</code></p>",
            author_tags=("regression", "t-test", "memória")[: 1 + number % 3],
            link=f"https://{site}.stackexchange.com/questions/{number}/q",
        )
        for number in range(1, count + 1)
    ]


CHANGED_SAMPLES = 4  # in a row, six hours apart: ten hours, and what faults and kills cost


@dataclass
class Simulation:
    """A stand-in, a database, a queue, a clock, and one poller after the other."""

    engine: Engine
    clock: Clock
    standin: StandIn
    settings: Settings
    seed: int
    kill_share: float = 0.0
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    kills: int = 0
    visible: list[set[int]] = field(default_factory=list)
    sampled: list[float] = field(default_factory=list)  # when, in epoch seconds

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        random.seed(self.seed)  # tenacity's pauses come from there
        self.killer = Killer(self.standin, self.chance, self.kill_share)

    def poller(self) -> Poller:
        """A new process' poller on the same database."""
        session = MortalSession(self.killer, self.clock)
        if self.settings.api_url == API:
            session.mount(API, self._adapter())
        poller = make_poller(
            self.settings,
            self.engine,
            session=session,
            clock=self.clock,
            chance=random.Random(self.chance.random()),
        )
        poller.enqueue = self.queue.enqueue
        return poller

    def _adapter(self) -> StandInAdapter:
        now = lambda: self.clock.now().timestamp()  # noqa: E731
        return StandInAdapter(self.standin, now, wait=self.clock.sleep)

    def run(self, *, days: float, sample_hours: float = 6) -> None:
        """Poll, die, and be started again, until the days are over."""
        end = self.clock.now() + timedelta(days=days)
        due = self.clock.now()

        def stopped() -> bool:
            nonlocal due
            if self.clock.now() >= due:
                self.visible.append(self.visible_now())
                self.sampled.append(self.clock.now().timestamp())
                due = self.clock.now() + timedelta(hours=sample_hours)
            return self.clock.now() >= end

        with self._deadly_statements():
            while self.clock.now() < end:
                try:
                    self.poller().run(stopped)
                except Killed:
                    self.kills += 1
                    self.clock.sleep(self.chance.uniform(1, 300))

    def visible_now(self) -> set[int]:
        """The new questions that the API shows as unanswered."""
        with self.standin._lock:
            self.standin.advance(self.clock.now().timestamp())
            site = self.standin.sites[SITE]
            return {
                number
                for number in site.ids(Listing.UNANSWERED)
                if site.questions[number].creation_date >= self.standin.start
            }

    def edited(self) -> set[int]:
        """The questions whose text is another by now."""
        questions = self.standin.sites[SITE].questions.values()
        return {q.question_id for q in questions if q.title.endswith(" (edited)")}

    def readable(self, number: int) -> bool:
        """Whether the API gives the question in a form that can be read."""
        fault = self.standin.faults.broken(SITE, number)
        return fault is None or fault in LAWFUL_ITEM_FAULTS

    def expected(self) -> set[int]:
        """What stood in its feed for longer than the feed's pace.

        A new question is the live feed's, which passes several times between two samples. One that
        is unanswered again after more than that is the changed feed's, whose pace is ten hours.
        """
        new = {
            number
            for place, (before, after) in enumerate(pairwise(self.visible))
            for number in before & after
            if place == 0 or self._created(number) >= self.sampled[place - 1]
        }
        windows = zip(*(self.visible[start:] for start in range(CHANGED_SAMPLES)), strict=False)
        return new.union(*(set.intersection(*window) for window in windows))

    def _created(self, number: int) -> float:
        return self.standin.sites[SITE].questions[number].creation_date

    def stored(self) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(
                select(Question.id, Question.question_id, Question.state)
            ).all()

    def skipped(self) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(select(SkippedItem.question_id, SkippedItem.reason)).all()

    @contextmanager
    def _deadly_statements(self) -> Iterator[None]:
        def statement(connection: Connection, *_: object) -> None:
            del connection
            self.killer.maybe()

        event.listen(self.engine, "before_cursor_execute", statement)
        try:
            yield
        finally:
            event.remove(self.engine, "before_cursor_execute", statement)


def simulation(
    engine: Engine,
    *,
    seed: int,
    questions: int,
    days: float,
    clock: Clock | None = None,
    faults: Faults | None = None,
    life: Life | None = None,
    burst_every: float = 2 * 86_400.0,
    kill_share: float = 0.0,
    **settings: Any,
) -> Simulation:
    """A site that asks so many questions in so many days, some of them all in one second."""
    clock = clock or ManualClock()
    start = clock.now().timestamp()
    burst = min(250, questions // 10)
    bursts = int(days * 86_400 / burst_every)
    release = Release(
        history_share=0.0,
        per_minute=(questions - bursts * burst) / (days * 24 * 60),
        delay=90.0,
        burst_every=burst_every,
        burst_size=burst,
    )
    made_up = made_up_questions(questions)
    site = site_of(SITE, made_up, start=start, release=release, life=life, seed=seed)
    standin = StandIn([site], start=start, faults=faults)
    return Simulation(engine, clock, standin, made_up_settings(**settings), seed, kill_share)


def made_up_settings(**changes: Any) -> Settings:
    """Settings of a poller with a key that asks the stand-in, and enqueues nowhere."""
    options: dict[str, Any] = {
        "sites": (SITE,),
        "api_url": API,
        "api_key": SecretStr("key((of*its-own"),
        "broker_url": SecretStr("redis://127.0.0.1:1/0"),
        "history_questions": 0,
    }
    return Settings(**(options | changes))
