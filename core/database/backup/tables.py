"""The table of backups that were taken by themselves."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.database.tables import BigId, Table


class Backup(Table):
    """A backup that the scheduler has taken, or why it took none."""

    __tablename__ = "backups"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    folder: Mapped[str]
    file: Mapped[str | None]  # its name there; none where it failed
    size: Mapped[int | None]  # in bytes
    error: Mapped[str | None]
