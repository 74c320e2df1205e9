"""Values of an answer, which may be of any type, as what they should be."""

MAX_QUOTA = 10_000_000  # a day; the API gives ten thousand


def seconds_of(value: object) -> float | None:
    """A number of seconds, from a number or a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return min(seconds, 86_400.0) if seconds >= 0 else None  # false for NaN


def quota_of(value: object) -> int | None:
    """A number of requests that there can be; None where it does not say."""
    number = whole_of(value)
    return None if number is None else min(max(number, 0), MAX_QUOTA)


def whole_of(value: object) -> int | None:
    """A whole number; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
