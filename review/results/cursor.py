"""How far an export has come: kept in a file, so that the next one brings only what is new."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from core.clock import CLOCK_SET_BACK
from core.errors import ExportFailed, WrongCursor

log = logging.getLogger(__name__)

# What was predicted later is left to the next export: a batch is dated before it is stored, by the
# database's clock, so an older one may still come in.
SETTLED_AFTER: Final = timedelta(minutes=1)

AGAIN: Final = timedelta(days=7)  # what is exported once more when the clock was set back


@dataclass(frozen=True, slots=True)
class Place:
    """A prediction's place in the order of predictions.

    Attributes:
        predicted_at: when it was made (UTC).
        question_pk: of its question; several are made at once.
    """

    predicted_at: datetime
    question_pk: int

    def __str__(self) -> str:
        """The text for a file: `2026-11-26T18:00:00.250000+00:00 812`."""
        return f"{self.predicted_at.isoformat()} {self.question_pk}"


START: Final = Place(datetime(1970, 1, 1, tzinfo=UTC), 0)


def read_place(file: Path, *, now: datetime) -> Place:
    """Read where the last export ended; the start, where there is no such file.

    One that is still to come was reached by a clock that has been set back since. What came then
    is dated before it, so the last week is exported once more.

    Raises:
        WrongCursor: it is no file, or holds something else.
    """
    try:
        text = file.read_text(encoding="ascii")
        time, _, number = text.strip().rpartition(" ")
        place = Place(datetime.fromisoformat(time).astimezone(UTC), int(number))
    except FileNotFoundError:
        return START
    except OSError as error:
        raise WrongCursor(f"The cursor {file} cannot be read: {error.strerror}.") from None
    except (ValueError, OverflowError):
        raise WrongCursor(
            f"{file} holds no cursor. Name the file of an earlier export, or one that is not there "
            "to begin anew."
        ) from None
    if place.predicted_at <= now + CLOCK_SET_BACK:
        return place
    log.warning(
        "the last export with %s ended at %s, by a clock that has been set back since: this one "
        "brings the last %d days again",
        *(file, place.predicted_at.isoformat(" ", "seconds"), AGAIN.days),
    )
    return Place(now - AGAIN, 0)


def keep_place(file: Path, place: Place) -> None:
    """Write where an export ended, whole or not at all.

    Raises:
        ExportFailed: it cannot be written.
    """
    unfinished = file.with_name(f"{file.name}.part")
    try:
        unfinished.write_text(f"{place}\n", encoding="ascii")
        unfinished.replace(file)
    except OSError as error:
        raise ExportFailed(
            f"The cursor cannot be written to {file}: {error.strerror}. The next export brings "
            "the same once more."
        ) from None
