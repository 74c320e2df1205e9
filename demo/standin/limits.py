"""The API's rules for clients: who breaks them is refused, and written down.

https://api.stackexchange.com/docs/throttle. The real API bans clients that keep breaking them;
here an `Observer` keeps every broken rule with the request that broke it.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from demo.standin.errors import backoff_violation, throttle_violation

DAY = 86_400


@dataclass(frozen=True)
class Limits:
    """What the API allows an address. `keys`: the valid ones; None takes any."""

    quota_without_key: int = 300  # a UTC day
    quota_with_key: int = 10_000
    keys: frozenset[str] | None = None
    requests_per_second: int = 30
    identical_seconds: float = 60.0
    backoff_slack: float = 0.0  # seconds that the API adds to a backoff without saying so


class Rule(StrEnum):
    """The rules whose breach gets a client banned."""

    BACKOFF = "request_during_backoff"
    IDENTICAL = "identical_request"
    RATE = "too_many_requests_a_second"
    QUOTA = "request_over_quota"
    THROTTLE = "request_during_throttle"


@dataclass(frozen=True)
class Call:
    """A request as the rules see it; `identity` is equal for requests that mean the same."""

    address: str
    key: str | None
    site: str | None
    method: str
    identity: tuple[object, ...]
    url: str  # without the key


@dataclass(frozen=True)
class Violation:
    """A broken rule: when (epoch seconds), by which request, and how badly."""

    rule: Rule
    at: float
    address: str
    site: str | None
    method: str
    url: str
    detail: str


@dataclass
class Observer:
    """What the stand-in has seen of its clients.

    `violations` holds what a client could have known better. `unannounced` holds what no
    answer had told it: requests while it was cut off in an undefined format, or over a quota of
    which it had not been told yet.
    """

    requests: int = 0
    calls: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    unannounced: list[Violation] = field(default_factory=list)

    def counts(self) -> dict[Rule, int]:
        """How often each rule was broken."""
        broken = Counter(violation.rule for violation in self.violations)
        return {rule: broken[rule] for rule in Rule}

    def report(self, most: int = 1000) -> dict[str, object]:
        """The same for JSON, with the newest `most` violations."""
        return {
            "requests": self.requests,
            "counts": self.counts(),
            "violations": [asdict(violation) for violation in self.violations[-most:]],
            "unannounced": [asdict(violation) for violation in self.unannounced[-most:]],
        }


@dataclass
class _Client:
    """What the API remembers of one address."""

    recent: deque[float] = field(default_factory=deque)
    throttled_until: float = 0.0
    cut_off_until: float = 0.0


@dataclass
class _Quota:
    """One address's quota of one UTC day, with or without a key."""

    day: int
    most: int
    used: int = 0
    told: bool = False


class CutOffError(Exception):
    """The client is cut off, in a format that no document defines."""


class Limiter:
    """Holds clients to the limits."""

    def __init__(self, limits: Limits, observer: Observer) -> None:
        self.limits = limits
        self.observer = observer
        self._clients: defaultdict[str, _Client] = defaultdict(_Client)
        self._quotas: dict[tuple[str, str | None], _Quota] = {}
        self._backoffs: dict[tuple[str, str | None, str], float] = {}
        self._last: dict[tuple[object, ...], float] = {}

    def admit(self, call: Call, now: float, cut_off_seconds: float) -> None:
        """Let a request in and count it against its quota.

        A client that is too fast is cut off for `cut_off_seconds`.

        Raises:
            ApiError: It is refused, in words.
            CutOffError: It is refused without.
        """
        self.observer.requests += 1
        self.observer.calls[call.site, call.method] += 1
        self._check_identical(call, now)
        self._check_rate(call, now, cut_off_seconds)
        self._check_throttle(call, now)
        self._check_backoff(call, now)
        self._check_quota(call, now)

    def throttle(self, address: str, until: float) -> None:
        """A throttle that the client is told of, with its end."""
        self._clients[address].throttled_until = until

    def cut_off(self, address: str, until: float) -> None:
        """A throttle that the client has to guess."""
        self._clients[address].cut_off_until = until

    def back_off(self, call: Call, until: float) -> None:
        """The client was asked not to ask this method of this site."""
        key = (call.address, call.site, call.method)
        self._backoffs[key] = until + self.limits.backoff_slack

    def quota(self, call: Call, now: float, *, tell: bool = False) -> Mapping[str, int]:
        """The quota fields of an answer; `tell`: the client gets to read them."""
        quota = self._quota(call, now)
        quota.told = quota.told or tell
        return {"quota_max": quota.most, "quota_remaining": max(quota.most - quota.used, 0)}

    def _check_identical(self, call: Call, now: float) -> None:
        identity = (call.address, *call.identity)
        last = self._last.get(identity)
        if last is not None and now - last < self.limits.identical_seconds:
            self._note(Rule.IDENTICAL, call, now, f"the last one was {now - last:.1f} s before")
        if len(self._last) > 10_000:
            recently = now - self.limits.identical_seconds
            self._last = {one: at for one, at in self._last.items() if at > recently}
        self._last[identity] = now

    def _check_rate(self, call: Call, now: float, cut_off_seconds: float) -> None:
        client = self._clients[call.address]
        while client.recent and client.recent[0] <= now - 1.0:
            client.recent.popleft()
        client.recent.append(now)
        if len(client.recent) > self.limits.requests_per_second:
            self._note(Rule.RATE, call, now, f"{len(client.recent)} requests in one second")
            client.cut_off_until = max(client.cut_off_until, now + cut_off_seconds)

    def _check_throttle(self, call: Call, now: float) -> None:
        client = self._clients[call.address]
        if now < client.throttled_until:
            left = client.throttled_until - now
            self._note(Rule.THROTTLE, call, now, f"{left:.1f} s before its end")
            raise throttle_violation(int(left) + 1)
        if now < client.cut_off_until:
            left = client.cut_off_until - now
            self._note(Rule.THROTTLE, call, now, f"{left:.1f} s before its end", known=False)
            raise CutOffError

    def _check_backoff(self, call: Call, now: float) -> None:
        left = self._backoffs.get((call.address, call.site, call.method), 0.0) - now
        if left > 0:
            self._note(Rule.BACKOFF, call, now, f"{left:.1f} s before its end")
            raise backoff_violation()

    def _check_quota(self, call: Call, now: float) -> None:
        quota = self._quota(call, now)
        if quota.used >= quota.most:
            detail = f"all {quota.most} of the day are used"
            self._note(Rule.QUOTA, call, now, detail, known=quota.told)
            quota.told = True
            raise throttle_violation(int((quota.day + 1) * DAY - now) + 1)
        quota.used += 1

    def _quota(self, call: Call, now: float) -> _Quota:
        day = int(now // DAY)
        quota = self._quotas.get((call.address, call.key))
        if quota is None or quota.day != day:
            most = self.limits.quota_with_key if call.key else self.limits.quota_without_key
            quota = self._quotas[call.address, call.key] = _Quota(day, most)
        return quota

    def _note(self, rule: Rule, call: Call, now: float, detail: str, *, known: bool = True) -> None:
        violation = Violation(rule, now, call.address, call.site, call.method, call.url, detail)
        (self.observer.violations if known else self.observer.unannounced).append(violation)
