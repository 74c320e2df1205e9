"""From what people type for a time to a time: `2026-11-25T10:00:00Z`, `2d`, `yesterday`."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.times import AmbiguousDate, to_time

EXAMPLES = "2026-11-25, 2026-11-25T10:00:00Z, 12h, 2d or yesterday"

_UNITS = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_AGO = re.compile(
    r"(\d{1,6}(?:\.\d+)?)\s*(s|min|m|h|d|w)(?:ec(?:ond)?s?|in(?:ute)?s?|(?:ou)?rs?|ays?|eeks?)?"
    r"(?:\s+ago)?",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE
)
_DAYS_AGO = {"today": 0, "yesterday": 1}
_MONTH = re.compile(r"(\d{4})-(\d\d)|(\d{4})")
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})")
_IN_ZONE = re.compile(r"(?P<time>.*\S)\s+(?P<zone>[A-Za-z]+/[A-Za-z_/+-]+)")


def parse_since(text: str, *, now: datetime) -> datetime:
    """Return the time, in UTC, which it is where no zone is named.

        parse_since("2d", now=clock.now())

    Args:
        text: a date or time as `to_time()` reads them, which a zone such as `Europe/Berlin` may
            follow; an ISO 8601 duration before now; `2d`, `12 hours ago`, `yesterday`.
        now: UTC.

    Raises:
        ValueError: it is none of these.
    """
    text = text.strip()
    try:
        return _before(text, now) or _moment(text)
    except AmbiguousDate as error:
        raise ValueError(f"{text!r} is no certain time: {error}") from None
    except (ValueError, KeyError, OSError, OverflowError):  # of zones, too
        raise ValueError(f"{text!r} is no time, such as {EXAMPLES}") from None


def _before(text: str, now: datetime) -> datetime | None:
    """A time by its distance from now."""
    if text.lower() in _DAYS_AGO:
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=_DAYS_AGO[text.lower()])
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now - float(ago[1]) * _UNITS[ago[2].lower()]
    duration = _DURATION.fullmatch(text)
    if duration is not None:
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in duration.groups())
        return now - timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
        )
    return None


def _moment(text: str) -> datetime:
    month, ordinal = _MONTH.fullmatch(text), _ORDINAL.fullmatch(text)
    if month is not None:
        return datetime(int(month[1] or month[3]), int(month[2] or 1), 1, tzinfo=UTC)
    if ordinal is not None:
        return datetime.strptime("".join(ordinal.groups()), "%Y%j").replace(tzinfo=UTC)
    in_zone = _IN_ZONE.fullmatch(text)
    if in_zone is not None:
        local = to_time(in_zone["time"]).replace(tzinfo=ZoneInfo(in_zone["zone"]))
        return local.astimezone(UTC)
    return to_time(text.upper().removesuffix(" UTC")).astimezone(UTC)
