"""Backups that are taken by themselves, into a folder that keeps the last ones."""

import logging
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from celery.schedules import crontab
from sqlalchemy import Engine, delete, insert

from core.clock import Clock
from core.database.backup.tables import Backup
from core.database.backup.writing import save_backup
from core.database.engine import make_engine
from core.errors import BackupFailed, DatabaseError
from core.settings import Settings

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 3600.0  # after one that failed
KEPT_ROWS: Final = timedelta(days=30)

_NAME: Final = "tagger-%Y%m%dT%H%M%SZ.backup.gz"
_OURS: Final = re.compile(r"tagger-\d{8}T\d{6}Z\.backup\.gz")
_UNFINISHED: Final = re.compile(rf"\.{_OURS.pattern}\.[0-9a-f]+\.part")


class NightlyBackups:
    """Takes a backup whenever the settings' cron says so, or has said while nobody looked.

        backups = NightlyBackups(settings, Path("backups"), SystemClock())
        backups.look()  # as often as one likes

    Args:
        settings: when, how many are kept, and of which database.
        folder: where they go.
        clock: whose time the cron goes by, in UTC.
        begin: runs what takes the backup, beside the caller.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        clock: Clock,
        *,
        begin: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._begin = begin or _in_thread
        self._schedule = crontab.from_string(settings.backup_cron)
        self._schedule.nowfun = clock.now
        self._next_look = 0.0  # by the clock that nobody sets; at once
        self._runs = False

    def look(self) -> None:
        """Begin a backup where one is due; returns at once."""
        now = self._clock.monotonic()
        if self._runs or now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        if self._is_due():
            self._runs, self._next_look = True, now + RETRY_SECONDS
            self._begin(self._take_one)

    def _is_due(self) -> bool:
        """Whether the cron has fired since the last backup; there being none, it has."""
        now = self._clock.now()
        past = [at for path in backups_in(self._folder) if (at := _made_at(path)) <= now]
        return not past or self._schedule.remaining_estimate(max(past)) <= timedelta(0)

    def _take_one(self) -> None:
        try:
            self._take(make_engine(self._settings.database))
            self._next_look = self._clock.monotonic() + LOOK_SECONDS
        except (DatabaseError, OSError) as error:
            log.error("no backup was taken: %s", error)  # noqa: TRY400 (one line)
        finally:
            self._runs = False

    def _take(self, engine: Engine) -> None:
        try:
            take_backup(engine, self._settings, self._folder, self._clock)
        except (DatabaseError, OSError) as error:
            _note(engine, Backup(at=self._clock.now(), folder=str(self._folder), error=str(error)))
            raise
        finally:
            engine.dispose()


def _in_thread(action: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=action, name="backup", daemon=True)
    thread.start()
    return thread


def take_backup(engine: Engine, settings: Settings, folder: Path, clock: Clock) -> Path:
    """Write a backup into a folder, delete those that are too many, and tell of it in a line.

    Raises:
        BackupFailed: it cannot be written.
        DatabaseError: the database cannot be read.
    """
    began, now = clock.monotonic(), clock.now()
    _make_ready(folder)
    path = folder / now.astimezone(UTC).strftime(_NAME)
    saved = save_backup(engine, path, now=now, models=settings.backup_models)
    size = path.stat().st_size
    # One dated later than now is older than that: a clock that was wrong made it.
    oldest_first = sorted(backups_in(folder), key=lambda one: (_made_at(one) <= now, one.name))
    for old in oldest_first[: -settings.backup_keep]:
        old.unlink(missing_ok=True)
    kept, seconds = len(backups_in(folder)), clock.monotonic() - began
    told = "backup: %s, %.1f MB in %.0f s, read back and whole: %s; %d are kept"
    log.info(told, saved, size / 1e6, seconds, path, kept)
    _note(engine, Backup(at=now, folder=str(folder), file=path.name, size=size))
    return path


def backups_in(folder: Path) -> list[Path]:
    """The backups of a folder that were taken by themselves, the oldest first."""
    with suppress(OSError):
        return sorted(path for path in folder.iterdir() if _OURS.fullmatch(path.name))
    return []


def _make_ready(folder: Path) -> None:
    """Make the folder, and delete what a backup that was cut short has left in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in folder.iterdir():
            if _UNFINISHED.fullmatch(path.name):
                path.unlink(missing_ok=True)
    except OSError as error:
        raise BackupFailed(
            f"The folder {folder} for backups cannot be used: {error.strerror}. Set "
            "TAGGER_BACKUP_FOLDER to one that can be written."
        ) from None


def _made_at(path: Path) -> datetime:
    with suppress(ValueError):  # of a day that there is not, say
        return datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
    return datetime.min.replace(tzinfo=UTC)


def _note(engine: Engine, row: Backup) -> None:
    """Write how it went for the status; where that fails, the log has said it."""
    values = {"at": row.at, "folder": row.folder, "file": row.file}
    with suppress(DatabaseError), engine.begin() as connection:
        connection.execute(delete(Backup).where(Backup.at < row.at - KEPT_ROWS))
        connection.execute(insert(Backup).values(**values, size=row.size, error=row.error))
