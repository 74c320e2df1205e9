"""From what people type for a time to a time: `2026-11-25T10:00:00Z`, `2d`, `yesterday`."""

import re
from datetime import UTC, datetime, timedelta

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


def parse_since(text: str, *, now: datetime) -> datetime:
    """Return the time, in UTC, which it is where no zone is named.

        parse_since("2d", now=clock.now())

    Args:
        text: an ISO 8601 date or time, or duration before now; `2d`, `12 hours ago`, `yesterday`.
        now: UTC.

    Raises:
        ValueError: it is none of these.
    """
    text = text.strip()
    try:
        return _before(text, now) or _moment(text)
    except (ValueError, OverflowError):
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
    moment = datetime.fromisoformat(text.upper().removesuffix(" UTC"))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
