"""How far an export has come: kept in a file, so that the next one brings only what is new."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from core.errors import ExportFailed, WrongCursor

# What was predicted later is left to the next export: a batch is dated before it is stored, by the
# database's clock, so an older one may still come in.
SETTLED_AFTER: Final = timedelta(minutes=1)


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


def read_place(file: Path) -> Place:
    """Read where the last export ended; the start, where there is no such file.

    Raises:
        WrongCursor: it is no file, or holds something else.
    """
    try:
        text = file.read_text(encoding="ascii")
        time, _, number = text.strip().rpartition(" ")
        return Place(datetime.fromisoformat(time).astimezone(UTC), int(number))
    except FileNotFoundError:
        return START
    except OSError as error:
        raise WrongCursor(f"The cursor {file} cannot be read: {error.strerror}.") from None
    except (ValueError, OverflowError):
        raise WrongCursor(
            f"{file} holds no cursor. Name the file of an earlier export, or one that is not there "
            "to begin anew."
        ) from None


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
