"""Parts of an answer, which may be anything, as what they should be."""

import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# A hundred bodies of 30,000 characters, the sites' limit, each of them one that HTML and JSON spell
# in nine, are 27 MB. The API packs its answers; a proxy may have unpacked them.
MAX_BYTES = 32 * 2**20
MAX_QUOTA = 10_000_000  # a day; the API gives ten thousand

_GZIP_MAGIC = b"\x1f\x8b"


def unpack(packed: bytes) -> bytes:
    """Undo gzip, by the look of the bytes: the header that should tell may be missing.

    Raises:
        zlib.error: they are damaged, incomplete or unpack to too much.
    """
    if not packed.startswith(_GZIP_MAGIC):
        return packed
    unpacker = zlib.decompressobj(wbits=31)
    body = unpacker.decompress(packed, MAX_BYTES)
    if not unpacker.eof:
        raise zlib.error("it exceeds the limit" if unpacker.unconsumed_tail else "it is cut short")
    return body


def moment_of(date: str | None) -> datetime | None:
    """The time of a Date header, RFC 9110; None where it is none. Without a zone it is UTC."""
    try:
        moment = parsedate_to_datetime(date) if date else None
        if moment is not None and moment.tzinfo is None:  # not the host's zone
            moment = moment.replace(tzinfo=UTC)
        return None if moment is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # a day that no calendar has
        return None


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
