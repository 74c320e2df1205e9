"""The clock of this machine, beside those of the servers that it talks to."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Final

from sqlalchemy import func, select

from core.database.engine import reading
from core.errors import TaggerError
from ops.doctor.context import CheckContext
from ops.doctor.finding import Finding, Severity

SUBJECT = "clock"

OFF_FROM: Final = timedelta(seconds=5)  # answers take a while, and a Date header has no fractions
FAR_OFF: Final = timedelta(minutes=2)  # leases, log-ins and fetched questions suffer

Ahead = tuple[str, timedelta]  # which server, and how far its clock is ahead of this one's

_SYNC = "Set the clocks by NTP: timedatectl set-ntp true"


def check_clock(context: CheckContext) -> Iterator[Finding]:
    """Compare it with the clocks of Postgres, Redis and the API, as far as they answer."""
    others = [*_database(context), *_broker(context), *_api(context)]
    wrong = [one for one in others if abs(one[1]) >= OFF_FROM]
    for server, ahead in wrong:
        side = "behind" if ahead > timedelta(0) else "ahead of"
        severity: Severity = "error" if abs(ahead) >= FAR_OFF else "warning"
        seen = f"this machine's clock is {abs(ahead.total_seconds()):,.0f} s {side} {server}'s"
        yield Finding(SUBJECT, severity, seen, _SYNC)
    if not wrong:
        names = " and ".join(f"{server}'s" for server, _ in others)
        seen = f"it agrees with {names}" if others else "no other one can be asked"
        yield Finding(SUBJECT, "ok", seen)


def _database(context: CheckContext) -> Iterator[Ahead]:
    if context.sqlite_file is not None:
        return
    try:
        with reading(context.found_database()) as connection:
            there = connection.execute(select(func.clock_timestamp())).scalar_one()
    except TaggerError:
        return
    yield "the database", there.astimezone(UTC) - context.clock.now()


def _broker(context: CheckContext) -> Iterator[Ahead]:
    if context.settings.uses_embedded_redis:  # on this machine
        return
    try:
        facts = context.broker()
    except TaggerError:
        return
    if facts.server_time is not None:
        yield "the broker", facts.server_time - facts.asked_at


def _api(context: CheckContext) -> Iterator[Ahead]:
    try:
        probe = context.api()
    except TaggerError:
        return
    if probe is not None and probe.server_time is not None:
        yield "the API", probe.server_time - probe.asked_at
