"""Times as programs and people write them: one rule for files and for the command line.

A date that may be read in two ways, as 7/8/2010, is not read at all: half of a file's dates would
be wrong, and nobody would see which.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"-?\d{9,}(?:\.\d+)?(?:[eE]\+?\d+)?|\d\.\d+[eE]\+?\d+")

# From which number on a time counts in thousandths, millionths, and so on: as seconds it would be
# of the year 5138.
_LARGEST_SECONDS = 10**11

_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? +", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([./-])(?P<month>\d\d?)\2(?P<day>\d\d?)(?!\d)")
_YEAR_LAST = re.compile(
    r"(?P<one>\d\d?)(?P<mark>[./-])(?P<two>\d\d?)(?P=mark)(?P<year>\d{4})(?!\d)"
)
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? +(\d\d?)(?:st|nd|rd|th)?,? +(\d{4})(?!\d)")
_DAY_FIRST = re.compile(r"(\d\d?)\.?[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4})(?!\d)")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_HOURS = re.compile(
    r"(?:[T,]|\s)\s*(?P<hour>\d\d?):(?P<minute>\d\d)(?P<rest>(?::\d\d(?:[.,]\d+)?)?)"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?:Z|UTC|GMT)?(?P<zone>[+-]\d\d:?\d\d|[+-]\d\d)?"
    r"\s*(?:\([^()]*\))?",  # its name, as JavaScript adds it
    re.IGNORECASE,
)
_LONGEST = 100  # characters; JavaScript's, with the name of its zone, have some 70
_NO_TIME = "neither seconds since 1970 nor a time such as 2010-07-19T19:14:44Z"


def to_time(value: object) -> datetime:
    """A time from seconds since 1970 (or thousandths and so on of them), or from a text.

    ISO 8601, an e-mail's date, or numbers whose order is certain: `2010/7/19 9:03`, `19.07.2010`
    (with dots the day comes first), `7/19/2010 2:03 PM` (there is no month 19), `Jul 19, 2010`.
    It is UTC where it names no zone.

    Raises:
        AmbiguousDate: it may be read in two ways; says which.
        ValueError: it is none of these.
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _time_of_seconds(value)
        if isinstance(value, str):
            time = _time_of_text(_one_line(value))
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time
    except AmbiguousDate:
        raise
    except (ValueError, TypeError, OverflowError, OSError):
        pass  # as below
    raise ValueError(_NO_TIME)


class AmbiguousDate(ValueError):
    """A date that may be one of two."""


def _time_of_seconds(seconds: float) -> datetime:
    for scale in (1, 10**3, 10**6, 10**9):
        if abs(seconds) < _LARGEST_SECONDS * scale:
            return datetime.fromtimestamp(seconds / scale, UTC)
    raise ValueError("too large")


def _one_line(text: str) -> str:
    """A text without spaces in a row, over which the expressions would take their time.

    Raises:
        ValueError: it is longer than any time.
    """
    line = " ".join(text.split())
    if len(line) > _LONGEST:
        raise ValueError("too long")
    return line


def _time_of_text(text: str) -> datetime:
    if _SECONDS.fullmatch(text):
        return _time_of_seconds(float(text))
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    date, behind = _date_in_front(_WEEKDAY.sub("", text))
    with suppress(ValueError):
        return datetime.fromisoformat(date + _hours(behind))
    return parsedate_to_datetime(text)  # which knows EST and the like


def _date_in_front(text: str) -> tuple[str, str]:
    """A date as ISO has it, and what follows; nothing and the text where none is in front.

    Raises:
        AmbiguousDate: it may be one of two.
    """
    if (found := _YEAR_FIRST.match(text)) is not None:
        numbers = found["year"], found["month"], found["day"]
    elif (found := _YEAR_LAST.match(text)) is not None:
        numbers = found["year"], *_month_and_day(found)
    elif (found := _MONTH_FIRST.match(text)) is not None:
        numbers = found[3], _month(found[1]), found[2]
    elif (found := _DAY_FIRST.match(text)) is not None:
        numbers = found[3], _month(found[2]), found[1]
    else:
        return "", text
    year, month, day = numbers
    return f"{year}-{month:0>2}-{day:0>2}", text[found.end() :]


def _month_and_day(date: re.Match[str]) -> tuple[str, str]:
    """Which of two numbers before a year is the month.

    Raises:
        AmbiguousDate: either may be it.
    """
    one, two = date["one"], date["two"]
    if date["mark"] == "." or int(one) > len(_MONTHS):
        return two, one
    if int(two) <= len(_MONTHS) and int(one) != int(two):
        raise AmbiguousDate(
            f"day and month may stand in either order: write {date['year']}-{one:0>2}-{two:0>2} "
            f"or {date['year']}-{two:0>2}-{one:0>2}"
        )
    return one, two


def _month(name: str) -> str:
    found = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower())]
    return str(found[0]) if found else name


def _hours(text: str) -> str:
    """What follows a date, as ISO has it; nothing where nothing does."""
    if not text.strip():
        return ""
    found = _HOURS.fullmatch(text.rstrip())
    if found is None:
        raise ValueError("no time of a day")
    return f"T{_hour(found):0>2}:{found['minute']}{found['rest']}{found['zone'] or ''}"


def _hour(time: re.Match[str]) -> int:
    hour, half = int(time["hour"]), (time["half"] or "")[:1].lower()
    if half and not 1 <= hour <= 12:
        raise ValueError("no hour of half a day")
    return hour if not half else hour % 12 + (12 if half == "p" else 0)
