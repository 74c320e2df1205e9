"""A clock that is off, beside the real ones of Postgres, Redis and what the API says."""

from datetime import UTC, datetime, timedelta

import pytest

from core.console import ApiProbe
from tests.conftest import ManualClock
from tests.ops.doctor.conftest import Look


def clock_off_by(seconds: float) -> ManualClock:
    return ManualClock(datetime.now(UTC) + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("off", "severity", "told"),
    [
        (0, "ok", "it agrees with the database's and the broker's"),
        (60, "warning", "60 s ahead of the database's"),
        (-600, "error", "600 s behind the database's"),
    ],
)
def test_it_is_compared_with_the_servers(
    look: Look, migrated_postgres_url: str, redis_url: str, off: int, severity: str, told: str
) -> None:
    addresses = {"database_url": migrated_postgres_url, "broker_url": redis_url}
    found = look("clock", clock=clock_off_by(off), **addresses)
    assert [one.severity for one in found] == [severity] * (2 if off else 1)
    assert found[0].seen.endswith(told)
    assert all("timedatectl set-ntp true" in one.fix for one in found if off)


def test_it_is_compared_with_the_apis(look: Look, sqlite_url: str) -> None:
    now = datetime.now(UTC)
    probe = ApiProbe("api", None, None, server_time=now - timedelta(hours=1), asked_at=now)
    (found,) = look("clock", database_url=sqlite_url, ask_api=lambda *_: probe)
    assert (found.severity, found.seen) == (
        "error",
        "this machine's clock is 3,600 s ahead of the API's",
    )
