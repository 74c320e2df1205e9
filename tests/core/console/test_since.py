from datetime import UTC, datetime, timedelta

import pytest

from core.console.since import parse_since

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
TEN = datetime(2026, 11, 25, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25T10:00:00Z",
        "2026-11-25T10:00:00.000000+00:00",
        "2026-11-25T12:00:00+02:00",
        "2026-11-25t10:00:00z",
        "2026-11-25 10:00",
        "2026-11-25 10:00:00 UTC",
        "2026-11-25T10",
        "20261125T100000Z",
        "2026-W48-3T10:00",
        "2026-11-25 11:00 Europe/Berlin",
        "2026-11-25T05:00 America/New_York",
        "Wed, 25 Nov 2026 10:00:00 GMT",
        "Nov 25, 2026 10:00 AM",
        "1795600800",
    ],
)
def test_a_time_is_read_in_its_zone(text: str) -> None:
    assert parse_since(text, now=NOW) == TEN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-25", datetime(2026, 11, 25, tzinfo=UTC)),
        ("25/11/2026", datetime(2026, 11, 25, tzinfo=UTC)),
        ("20261125", datetime(2026, 11, 25, tzinfo=UTC)),
        ("2026-329", datetime(2026, 11, 25, tzinfo=UTC)),
        ("2026-W48", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("today", datetime(2026, 11, 25, tzinfo=UTC)),
        ("Yesterday", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2d", NOW - timedelta(days=2)),
        ("2 days ago", NOW - timedelta(days=2)),
        ("1.5h", NOW - timedelta(hours=1.5)),
        ("12 hours", NOW - timedelta(hours=12)),
        ("90m", NOW - timedelta(minutes=90)),
        ("30 min", NOW - timedelta(minutes=30)),
        ("10 minutes ago", NOW - timedelta(minutes=10)),
        ("1w", NOW - timedelta(weeks=1)),
        ("P2D", NOW - timedelta(days=2)),
        ("PT12H", NOW - timedelta(hours=12)),
    ],
)
def test_a_date_or_a_distance_is_read(text: str, expected: datetime) -> None:
    assert parse_since(text, now=NOW) == expected


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "2x", "P", "999999w", "d", "2026-11-25 10:00 Mars/Olympus"],
)
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="is no time, such as 2026-11-25"):
        parse_since(text, now=NOW)


def test_a_date_of_two_meanings_is_refused_with_both() -> None:
    with pytest.raises(ValueError, match=r"7/8/2026.*write 2026-07-08 or 2026-08-07"):
        parse_since("7/8/2026", now=NOW)
