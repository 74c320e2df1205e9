"""Delivers the outbox: signed requests to webhooks, repeated until each is confirmed.

An event is leased by moving its next try ahead before it is sent, so no transaction is open while
a receiver thinks, and two services do not send it at once. Whoever dies between sending and
writing that it was confirmed leaves an event that is sent once more, with the same id: receivers
drop an id that they have seen.

An event that is refused again and again has failed in the end: it is sent no more until somebody
asks for it (`retry_failed()`), and what came after it goes on. A receiver that gives no answer at
all refuses nothing: its events wait for it as long as it takes, and such tries count for nothing
once it answers again.

The signature is that of many services (GitHub's and Stripe's pages on webhooks): an HMAC-SHA256
of the moment and the body, so that neither can be changed, nor an old request be sent again.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import requests
import urllib3
from sqlalchemy import Engine, and_, or_, select, update
from sqlalchemy.engine import Connection

from core import __version__
from core.clock import CLOCK_SET_BACK, Clock
from core.database.engine import reading
from core.database.review_tables import OutgoingEvent, Webhook
from review.notify.post import Limits, post
from review.notify.webhooks import NEVER, is_enabled

FIRST_PAUSE: Final = timedelta(seconds=30)  # doubled with each attempt
LONGEST_PAUSE: Final = timedelta(hours=6)
LEASE: Final = timedelta(seconds=60)  # more than a request takes
LIMITS: Final = Limits()
MOST_REFUSALS: Final = 14  # of an event: over a little more than a day
MOST: Final = 50  # events of one webhook in a round, so that others get their turn


@dataclass(frozen=True, slots=True)
class Event:
    """An event that is leased, and where it goes."""

    id: int
    webhook_id: int
    url: str
    secret: str
    payload: dict[str, Any]
    attempts: int = 0
    refusals: int = 0


class Outcome(NamedTuple):
    """What became of a request.

    Attributes:
        error: one line without secrets; None where the receiver has confirmed.
        answered: whether the receiver gave any answer.
    """

    error: str | None
    answered: bool


Send = Callable[[Event, datetime], Outcome]


def pause_after(attempts: int) -> timedelta:
    """For how long an event waits after so many attempts.

    pause_after(1)  # 30 s; then 1 min, 2 min … 6 h
    """
    doublings: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_PAUSE * doublings, LONGEST_PAUSE)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """What the header X-Tagger-Signature says of a request.

    Args:
        secret: the webhook's.
        timestamp: of X-Tagger-Timestamp, seconds since 1970.
        body: the request's.
    """
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def send(event: Event, now: datetime, limits: Limits = LIMITS) -> Outcome:
    """Send an event once. No redirect is followed, and no answer's body is read."""
    body = json.dumps(event.payload, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"question-tagger/{__version__}",
        "X-Tagger-Event-Id": str(event.payload["id"]),
        "X-Tagger-Timestamp": timestamp,
        "X-Tagger-Signature": sign(event.secret, timestamp, body),
    }
    try:
        status = post(event.url, body, headers, limits)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return Outcome(_describe(error), answered=False)
    return Outcome(None if 200 <= status < 300 else f"answered {status}", answered=True)


def _describe(error: Exception) -> str:
    """What went wrong, without the libraries' words: they show the whole address."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection: its certificate does not hold"
    if isinstance(error, requests.ConnectionError):
        return "no connection, or it broke off"
    return f"no request could be made ({type(error).__name__})"


@dataclass
class Delivery:
    """Sends what is due.

    Attributes:
        engine: of the database.
        clock: tells what is due, and dates what is sent.
        send: sends one event, at a moment.
    """

    engine: Engine
    clock: Clock
    send: Send = send
    # Who gave no answer: how often in a row, and until when nothing else is tried. One that hangs
    # would take ten seconds of each of its events.
    _silent: dict[int, tuple[int, datetime]] = field(default_factory=dict)

    def deliver(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send what is due, at most 50 events of each webhook; return how many were tried.

        Args:
            stopping: whether to end before the next event.

        Raises:
            DatabaseUnreachable: what was sent and not written down is sent again.
        """
        with reading(self.engine) as connection:
            numbers = connection.scalars(_due(Webhook.id, self.clock.now()).distinct()).all()
        return sum(self._deliver_to(number, stopping) for number in numbers)

    def _deliver_to(self, number: int, stopping: Callable[[], bool]) -> int:
        for tried in range(MOST):
            if stopping() or self._is_silent(number):
                return tried
            with self.engine.begin() as connection:
                event = lease(connection, number, now=self.clock.now())
            if event is None:
                return tried
            self._finish(event, self.send(event, self.clock.now()))
        return MOST

    def _is_silent(self, number: int) -> bool:
        _, until = self._silent.get(number, (0, None))
        return until is not None and until - LONGEST_PAUSE <= self.clock.now() < until

    def _finish(self, event: Event, outcome: Outcome) -> None:
        now = self.clock.now()
        if outcome.answered:
            self._silent.pop(event.webhook_id, None)
        else:
            times = self._silent.get(event.webhook_id, (0, now))[0] + 1
            self._silent[event.webhook_id] = (times, now + pause_after(times))
        values: dict[str, Any] = {"delivered_at": now, "error": None}
        if outcome.error is not None:
            attempts, refusals = event.attempts + 1, event.refusals + outcome.answered
            values = {"attempts": attempts, "refusals": refusals, "error": outcome.error}
            if refusals >= MOST_REFUSALS:
                values |= {"next_try_at": NEVER, "failed_at": now}
            else:
                values["next_try_at"] = now + pause_after(attempts)
        change = update(OutgoingEvent).where(
            OutgoingEvent.id == event.id, OutgoingEvent.delivered_at.is_(None)
        )
        with self.engine.begin() as connection:
            connection.execute(change.values(**values))


def _due(what: Any, now: datetime) -> Any:
    # What lies further ahead than any pause was put there by a clock that has been set back since.
    beyond = and_(
        OutgoingEvent.next_try_at > now + LONGEST_PAUSE + CLOCK_SET_BACK,
        OutgoingEvent.next_try_at < NEVER,
    )
    return (
        select(what)
        .select_from(OutgoingEvent)
        .join(Webhook, Webhook.id == OutgoingEvent.webhook_id)
        .where(OutgoingEvent.delivered_at.is_(None))
        .where(or_(OutgoingEvent.next_try_at <= now, beyond))
        .where(is_enabled())
    )


def lease(connection: Connection, number: int, *, now: datetime) -> Event | None:
    """Lease a webhook's oldest event that is due: for a minute nobody else sends it."""
    oldest = (
        _due(OutgoingEvent.id, now)
        .add_columns(OutgoingEvent.payload, OutgoingEvent.attempts, OutgoingEvent.refusals)
        .add_columns(Webhook.url, Webhook.secret)
        .where(Webhook.id == number)
        .order_by(OutgoingEvent.next_try_at, OutgoingEvent.id)
        .limit(1)
        .with_for_update(of=OutgoingEvent, skip_locked=True)
    )
    row = connection.execute(oldest).first()
    if row is None:
        return None
    change = update(OutgoingEvent).where(OutgoingEvent.id == row.id)
    connection.execute(change.values(next_try_at=now + LEASE))
    return Event(row.id, number, row.url, row.secret, row.payload, row.attempts, row.refusals)
