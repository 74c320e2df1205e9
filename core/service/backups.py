"""What the scheduler has told of the backups that it takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.backup.tables import Backup
from core.settings import Settings

_TIME = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """How backups go that are taken by themselves.

    Attributes:
        last_at: as of when the last one is; None where there is none.
        folder: it is there.
        file: its name.
        size: in bytes.
        failed_at: when one failed last, if that was later.
        error: why.
    """

    last_at: datetime | None
    folder: str | None
    file: str | None
    size: int | None
    failed_at: datetime | None
    error: str | None


def backup_status(connection: Connection) -> BackupStatus:
    """Return what is known of the last backup, and of a failure since."""
    newest = select(Backup.at, Backup.folder, Backup.file, Backup.size, Backup.error).order_by(
        Backup.at.desc(), Backup.id.desc()
    )
    taken = connection.execute(newest.where(Backup.error.is_(None)).limit(1)).one_or_none()
    failed = connection.execute(newest.where(Backup.error.is_not(None)).limit(1)).one_or_none()
    if failed is not None and taken is not None and failed.at < taken.at:
        failed = None
    last = (taken.at, taken.folder, taken.file, taken.size) if taken else (None,) * 4
    return BackupStatus(*last, *((failed.at, failed.error) if failed else (None, None)))


def backup_lines(status: BackupStatus, settings: Settings, *, now: datetime) -> Iterator[str]:
    """How old the last backup is, and why one failed; nothing where none is to be taken."""
    if status.last_at is not None:
        yield (
            f"Last backup: {_age(now - status.last_at)} old, {(status.size or 0) / 1e6:,.1f} MB, "
            f"{status.folder}/{status.file}"
        )
    elif settings.backup_folder is not None and status.error is None:
        yield f"Last backup: none yet in {settings.backup_folder}; the scheduler takes them"
    yield from failure_lines(status)


def failure_lines(status: BackupStatus) -> Iterator[str]:
    """Why the last backup failed, if it did."""
    if status.failed_at is not None:
        yield f"Backup: the one of {status.failed_at:{_TIME}} failed: {status.error}"


def _age(age: timedelta) -> str:
    hours = max(0.0, age.total_seconds() / 3600)
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
