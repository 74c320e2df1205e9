"""The rate limit: when the API may be asked, by its rules for clients, kept in the database.

https://api.stackexchange.com/docs/throttle. Kept there, they hold across restarts and between all
processes that share the database:

- one request at a time for each site, and a gap between any two;
- no identical request within a minute;
- `backoff`: the same method of the same site pauses for as long as the answer asks;
- a throttle violation: everything pauses for as long as its message says;
- no request beyond the quota.
"""

import logging
import math
import random
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, delete, not_, select, update
from sqlalchemy.engine import Connection

from core.clock import CLOCK_SET_BACK, Clock
from core.database.api_tables import ApiClient, ApiSite, PauseReason, SentRequest
from core.database.engine import dialect_insert, reading
from core.errors import (
    ApiError,
    ApiKeyRefused,
    ApiNotConnected,
    ApiPaused,
    ApiRefused,
    ApiRepeated,
    ApiThrottled,
    ApiUnavailable,
    ApiUnreachable,
)
from poller.client import ApiAnswer, ApiRequest
from poller.pauses import EVERYTHING, Pauses, shown
from poller.quota import Quota, next_reset
from poller.site_lease import SiteLease

log = logging.getLogger(__name__)

IDENTICAL_SECONDS = 60.0
CLOCK_SLACK = 1.0  # the API's clock and ours need not tick together
MINUTE_SECONDS = IDENTICAL_SECONDS + CLOCK_SLACK
BACKOFF_SLACK = 2.0  # some answers' N took N + 2 (lucjon/Py-StackExchange#48)
GAP_SECONDS = 0.1  # the API cuts off above 30 requests a second

FIRST_PAUSE = 10.0  # after no answer, for all sites; doubled up to the longest
LONGEST_PAUSE = 300.0
LONGEST_UNCONNECTED_PAUSE = 20.0  # nobody is asked anything by a connection that is refused
FIRST_KEY_PAUSE = 600.0  # where the key is refused; doubled up to the longest
LONGEST_KEY_PAUSE = 7200.0
UNNAMED_THROTTLE = 120.0  # seconds, where the violation names none; doubled up to an hour
LONGEST_UNNAMED_THROTTLE = 3600.0


class RateLimit:
    """Admits requests within the API's limits, and keeps what their answers ask for.

    Args:
        engine: the database.
        client: whom the API takes us for, as `Client.name`.
        quota_default: requests a day until an answer has told.
        clock: tells the time.
        chance: spreads pauses.

    Attributes:
        lease: keeps other processes from a site while a request is under way.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        client: str,
        quota_default: int,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._engine = engine
        self._client = client
        self._quota_default = quota_default
        self._clock = clock
        self._chance = chance
        self.lease = SiteLease(engine, clock)
        self._failed = {"answers": 0, "connections": 0}  # in a row
        # When, by the clock's `monotonic()`: a minute lasts, however the clock is set meanwhile.
        self._sent: dict[str, float] = {}
        self._pauses = Pauses(client, clock)

    def admit(self, request: ApiRequest) -> None:
        """Record that a request is about to be sent.

        Raises:
            ApiPaused: it must not be, and until when.
        """
        now = self._clock.now()
        with self._engine.begin() as connection:
            self._lock(connection)
            self._pauses.check(connection, request, now)
            self._check_quota(connection, now)
            self._check_gap(connection, now)
            self._check_identical(connection, request, now)
            self.lease.take(connection, request.site, now)
            self._record(connection, request, now)

    def answered(self, request: ApiRequest, answer: ApiAnswer) -> None:
        """Keep what a good answer says of backoff and quota."""
        self._failed = dict.fromkeys(self._failed, 0)
        now = self._clock.now()
        if answer.backoff:
            self._back_off(request, answer.backoff)
        told = {"quota_max": answer.quota_max, "quota_remaining": answer.quota_remaining}
        values = {name: value for name, value in told.items() if value is not None}
        with self._engine.begin() as connection:
            self._pauses.save(connection, now)
            if values:
                chosen = update(ApiClient).where(ApiClient.client == self._client)
                connection.execute(chosen.values(quota_at=now, **values))
            self._end(connection, request, now)

    def refused(self, request: ApiRequest, error: ApiError) -> None:
        """Keep what follows from an answer that is none, and let others ask for the site again."""
        self._pause_after(request, error)
        was_sent = not isinstance(error, ApiNotConnected)
        now = self._clock.now()
        with self._engine.begin() as connection:
            if not was_sent:
                self._take_back(connection, request)
            self._pauses.save(connection, now)
            self._end(connection, request, now)
        if not was_sent:
            self._sent.pop(request.digest(), None)

    def release(self, request: ApiRequest) -> None:
        """Save the pauses, and let other processes ask for the site again."""
        now = self._clock.now()
        with self._engine.begin() as connection:
            self._pauses.save(connection, now)
            self._end(connection, request, now)

    def _pause_after(self, request: ApiRequest, error: ApiError) -> None:
        match error:
            case ApiThrottled():
                self._throttled(error)
            case ApiKeyRefused():
                self._key_refused()
            case ApiRefused(backoff=float(seconds)):
                self._back_off(request, seconds)
            case ApiNotConnected():
                self._not_connected()
            case ApiUnavailable() | ApiUnreachable():
                self._unreachable()

    def _back_off(self, request: ApiRequest, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds + BACKOFF_SLACK)
        self._pauses.add((request.site, request.method), until, PauseReason.BACKOFF)

    def _throttled(self, error: ApiThrottled) -> None:
        seconds = error.seconds
        if seconds is None:
            seconds = self._longer(UNNAMED_THROTTLE, LONGEST_UNNAMED_THROTTLE)
        until = self._clock.now() + timedelta(seconds=seconds + BACKOFF_SLACK)
        self._pauses.add(EVERYTHING, until, PauseReason.THROTTLED)
        log.warning("throttled: no request of any site before %s", shown(until))

    def _key_refused(self) -> None:
        """Pause all sites: every request would be refused, and counts."""
        seconds = self._longer(FIRST_KEY_PAUSE, LONGEST_KEY_PAUSE)
        until = self._clock.now() + timedelta(seconds=seconds)
        self._pauses.add(EVERYTHING, until, PauseReason.KEY_REFUSED)

    def _unreachable(self) -> None:
        """Pause all sites for a while: no answer can also mean that we are cut off."""
        until = self._clock.now() + timedelta(seconds=self._longer(FIRST_PAUSE, LONGEST_PAUSE))
        self._pauses.add(EVERYTHING, until, PauseReason.UNREADABLE)

    def _not_connected(self) -> None:
        """Pause all sites for a moment: there is nobody to be polite to, and may soon be."""
        seconds = self._longer(FIRST_PAUSE, LONGEST_UNCONNECTED_PAUSE, "connections")
        until = self._clock.now() + timedelta(seconds=seconds)
        self._pauses.add(EVERYTHING, until, PauseReason.NOT_CONNECTED)

    def _take_back(self, connection: Connection, request: ApiRequest) -> None:
        """Strike out a request that was never sent: it may be sent before its minute is over."""
        connection.execute(delete(SentRequest).where(SentRequest.digest == request.digest()))
        counted = update(ApiClient).where(ApiClient.client == self._client)
        connection.execute(counted.values(quota_remaining=ApiClient.quota_remaining + 1))

    def _longer(self, first: float, longest: float, of: str = "answers") -> float:
        """A pause that doubles with every failure of a kind, spread over its second half."""
        pause = min(first * 2 ** min(self._failed[of], 20), longest)
        self._failed[of] += 1
        return self._chance.uniform(pause / 2, pause)

    def was_asked(self, request: ApiRequest) -> bool:
        """Whether an identical request waits for its minute."""
        with reading(self._engine) as connection:
            known = _asked_at(connection, request, self._clock.now()) is not None
        return known or self._since(request) < MINUTE_SECONDS

    def quota(self) -> Quota:
        """What is left of today's requests, as far as is known."""
        with reading(self._engine) as connection:
            return self._read_quota(connection, self._clock.now())

    def _lock(self, connection: Connection) -> None:
        """Keep other processes out until the end of the transaction."""
        insert = dialect_insert(connection, ApiClient).values(client=self._client)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["client"], set_={"client": insert.excluded.client}
            )
        )

    def _check_quota(self, connection: Connection, now: datetime) -> None:
        if self._read_quota(connection, now).remaining <= 0:
            until = next_reset(now) + timedelta(seconds=self._chance.uniform(5, 60))
            raise ApiPaused(
                f"{PauseReason.QUOTA}; it is renewed at {shown(until)}",
                until=until,
                reason=PauseReason.QUOTA,
            )

    def _read_quota(self, connection: Connection, now: datetime) -> Quota:
        row = connection.execute(
            select(ApiClient.quota_max, ApiClient.quota_remaining, ApiClient.quota_at).where(
                ApiClient.client == self._client
            )
        ).one_or_none()
        most = row.quota_max if row is not None and row.quota_max is not None else None
        maximum = self._quota_default if most is None else most
        left = row.quota_remaining if row is not None else None
        told_at = row.quota_at if row is not None else None
        outdated = told_at is None or next_reset(told_at) <= now or told_at > now + CLOCK_SET_BACK
        remaining = maximum if left is None or outdated else left
        seconds = (next_reset(now) - now).total_seconds()
        return Quota(maximum=maximum, remaining=remaining, seconds_left=seconds)

    def _check_gap(self, connection: Connection, now: datetime) -> None:
        chosen = select(ApiClient.requested_at).where(ApiClient.client == self._client)
        last = connection.execute(chosen).scalar()
        gap = timedelta(seconds=GAP_SECONDS)
        if last is not None and timedelta(0) <= now - last < gap:
            raise ApiPaused("the last request was just now", until=last + gap)

    def _check_identical(self, connection: Connection, request: ApiRequest, now: datetime) -> None:
        sent_at = _asked_at(connection, request, now)
        left = round(MINUTE_SECONDS - self._since(request), 3)  # a wait of 1e-15 s never ends
        connection.execute(delete(SentRequest).where(not_(_counts(now))))
        if sent_at is not None or left > 0:
            until = now + timedelta(seconds=max(left, 0))
            if sent_at is not None:
                until = max(until, min(sent_at, now) + timedelta(seconds=MINUTE_SECONDS))
            raise ApiRepeated(f"{request} was asked less than a minute ago", until=until)

    def _since(self, request: ApiRequest) -> float:
        """How many seconds ago this process made a request."""
        at = self._sent.get(request.digest(), -math.inf)
        return self._clock.monotonic() - at

    def _end(self, connection: Connection, request: ApiRequest, now: datetime) -> None:
        """Let the site go; the request's minute begins now, since it may have arrived just now."""
        sent = update(SentRequest).where(SentRequest.digest == request.digest())
        connection.execute(sent.values(sent_at=now))
        if request.digest() in self._sent:
            self._sent[request.digest()] = self._clock.monotonic()
        self.lease.end(connection, request.site)

    def _record(self, connection: Connection, request: ApiRequest, now: datetime) -> None:
        """Write the request down, and count it: a process that dies must not ask it again."""
        present = self._clock.monotonic()
        recent = {key: at for key, at in self._sent.items() if present - at < MINUTE_SECONDS}
        self._sent = {**recent, request.digest(): present}
        insert = dialect_insert(connection, SentRequest).values(
            digest=request.digest(), sent_at=now
        )
        connection.execute(
            insert.on_conflict_do_update(index_elements=["digest"], set_={"sent_at": now})
        )
        connection.execute(
            update(ApiClient)
            .where(ApiClient.client == self._client)
            .values(requested_at=now, quota_remaining=ApiClient.quota_remaining - 1)
        )
        site = dialect_insert(connection, ApiSite).values(site=request.site, client=self._client)
        mine = {"client": self._client}
        connection.execute(site.on_conflict_do_update(index_elements=["site"], set_=mine))


def _asked_at(connection: Connection, request: ApiRequest, now: datetime) -> datetime | None:
    """When a request was made within the last minute; None where it was not."""
    identical = select(SentRequest.sent_at).where(SentRequest.digest == request.digest())
    return connection.execute(identical.where(_counts(now))).scalar()


def _counts(now: datetime) -> ColumnElement[bool]:
    """Whether a request's minute is not over.

    What was sent later than now, was so by a clock that has been set back since.
    """
    minute = timedelta(seconds=MINUTE_SECONDS)
    return and_(SentRequest.sent_at > now - minute, SentRequest.sent_at <= now + minute)
