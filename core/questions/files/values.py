"""Numbers, times and tags as programs write them into files: one rule for every format."""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime

# What programs write where they have nothing, besides null (R, pandas, Excel, MySQL, BigQuery).
_NOTHING = frozenset({"", "na", "n/a", "nan", "nat", "null", "none", "<na>", "\\n", "#n/a"})

_EXACT = 2**53  # a float beyond it may have been another number
_MOST_DIGITS = 30

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:([,' \u00a0\u2009\u202f])\d{3})(?:\1\d{3})*(?:\.0*)?")
_THOUSANDS_BY_POINTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}")
_COMMA_FOR_POINT = re.compile(r"[+-]?\d+,0*")

_SECONDS = re.compile(r"-?\d{9,}(?:\.\d+)?(?:[eE]\+?\d+)?|\d\.\d+[eE]\+?\d+")
_ZONE = re.compile(r"\s*(?:UTC|GMT)$", re.IGNORECASE)
_DATE_BY_BARS = re.compile(r"(\d{4})/(\d\d?)/(\d\d?)\b")

# From which number on a time counts in thousandths, millionths, and so on: as seconds it would be
# of the year 5138.
_LARGEST_SECONDS = 10**11

_BETWEEN_TAGS = re.compile(r"[<>|,;\s]+")


def is_nothing(value: object) -> bool:
    """Whether it stands for a value that is missing."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def to_whole(value: object) -> int:
    """A whole number from `80`, `80.0`, `"80"`, `" +80"`, `"8e1"`, `"80,0"` or `"1,234"`.

    Raises:
        ValueError: it is none, or a float that is too large to be exact.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("should be a whole number")  # noqa: TRY004 (pydantic takes ValueError)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError("should be a whole number")
        if abs(value) > _EXACT:
            raise ValueError("too large for a number with a point to be exact")
        return int(value)
    return _whole_of_text(value.strip())


def _whole_of_text(text: str) -> int:
    if _THOUSANDS.fullmatch(text):
        text = re.sub(r"[^\d.+-]", "", text)
    elif _THOUSANDS_BY_POINTS.fullmatch(text):
        text = text.replace(".", "")
    elif _COMMA_FOR_POINT.fullmatch(text):
        text = text.replace(",", ".")
    try:
        number = Decimal(text.replace("_", " "))  # which Python alone allows
    except InvalidOperation:
        raise ValueError("should be a whole number") from None
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS or number != int(number):
        raise ValueError("should be a whole number")
    return int(number)


def to_time(value: object) -> datetime:
    """A time from seconds since 1970 (or thousandths and so on of them), ISO 8601, or an e-mail's.

    It is UTC where it names no zone.

    Raises:
        ValueError: it is none of these.
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _time_of_seconds(value)
        if isinstance(value, str):
            time = _time_of_text(value.strip())
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time
    except (ValueError, TypeError, OverflowError, OSError):
        pass  # as below
    raise ValueError("neither seconds since 1970 nor a time such as 2010-07-19T19:14:44Z")


def _time_of_seconds(seconds: float) -> datetime:
    for scale in (1, 10**3, 10**6, 10**9):
        if abs(seconds) < _LARGEST_SECONDS * scale:
            return datetime.fromtimestamp(seconds / scale, UTC)
    raise ValueError("too large")


def _time_of_text(text: str) -> datetime:
    if _SECONDS.fullmatch(text):
        return _time_of_seconds(float(text))
    try:
        with_dashes = _DATE_BY_BARS.sub(_with_dashes, text, count=1)
        return datetime.fromisoformat(_ZONE.sub("+00:00", with_dashes))
    except ValueError:
        return parsedate_to_datetime(text)


def _with_dashes(date: re.Match[str]) -> str:
    year, month, day = date.groups()
    return f"{year}-{month:0>2}-{day:0>2}"


def to_tags(value: object) -> object:
    """A list of tags from a text: `<a><b>`, `|a|b|`, `a b`, `a, b`, `{a,b}`, `['a', 'b']`.

    Anything else comes back as it is.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text[:1] + text[-1:] in ("[]", "{}"):  # {a,b} is how Postgres prints an array
        parts = _BETWEEN_TAGS.split(text[1:-1])
        return [tag for part in parts if (tag := part.strip("'\""))]
    return [tag for tag in _BETWEEN_TAGS.split(text) if tag]
