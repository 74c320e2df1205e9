"""Bundles in the database: a zip in parts, so that neither end ever holds the whole of it."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from core.database.engine import driven
from core.database.tables import BundlePart, ModelVersion
from core.errors import BundleCorrupt
from core.model.packed.members import (
    PIECE,
    SERVED,
    SealedHash,
    read_pieces,
    write_served_member,
)

_PART: Final = "SELECT data FROM bundle_parts WHERE model_version_id = {0} AND number = {0}"


def store_parts(connection: Connection, version_id: int, path: Path) -> None:
    """Write a bundle's zip as the parts of a version; commits nothing."""
    with path.open("rb") as file:
        for number, data in enumerate(read_pieces(file)):
            part = {"model_version_id": version_id, "number": number, "data": data}
            connection.execute(insert(BundlePart), part)


def fetch_parts(connection: Connection, version_id: int, path: Path) -> SealedHash:
    """Write the parts of a version into a file; nothing of it has been verified yet.

    Raises:
        OSError: the file cannot be written.
    """
    found = SealedHash()
    with path.open("wb") as file:
        for data in _read_parts(connection, version_id):
            file.write(data)
            found.update(data)
    return found


def fetch_served(connection: Connection, version_id: int, folder: Path) -> dict[str, str] | None:
    """Write what a worker reads of a version into a folder, each member by its SHA-256.

    The network for people, half of a bundle, stays where it is.

    Returns:
        The SHA-256, in hexadecimal, of each file; None, and nothing is written, where the registry
        has none: the version was published before revision 0027.

    Raises:
        BundleCorrupt: a member is not what was published.
        OSError: a file cannot be written.
    """
    columns = select(ModelVersion.size, ModelVersion.served_sha256)
    size, known = connection.execute(columns.where(ModelVersion.id == version_id)).one()
    if known is None or known.keys() != set(SERVED):
        return None
    file = open_parts(connection, version_id, size)
    try:
        for name, sha256 in known.items():
            write_served_member(file, name, folder / name, sha256=sha256)
    except BundleCorrupt as error:
        raise BundleCorrupt(
            f"The bundle's bytes are not those whose SHA-256 the registry holds. {error}"
        ) from error
    return dict(known)


def open_parts(connection: Connection, version_id: int, size: int) -> BinaryIO:
    """Return a version's zip of so many bytes, read where it stands: one part at a time is held."""
    return io.BufferedReader(_Parts(connection, version_id, size))


class _Parts(io.RawIOBase):
    """The parts as the bytes of one file."""

    def __init__(self, connection: Connection, version_id: int, size: int) -> None:
        super().__init__()
        self._connection = connection
        self._version_id = version_id
        self._size = size
        self._at = 0
        self._held = (-1, b"")  # a part's number, and its bytes

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        number, start = divmod(self._at, PIECE)
        if self._held[0] != number:
            self._held = number, _read_part(self._connection, self._version_id, number) or b""
        piece = self._held[1][start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _read_parts(connection: Connection, version_id: int) -> Iterator[bytes]:
    number = 0
    while (data := _read_part(connection, version_id, number)) is not None:
        yield data
        number += 1


def _read_part(connection: Connection, version_id: int, number: int) -> bytes | None:
    """One statement a part: a client's cursor holds all rows of its result."""
    if connection.dialect.name != "postgresql":
        # As text, which SQLAlchemy need not put together for each of a hundred parts.
        found = connection.exec_driver_sql(_PART.format("?"), (version_id, number))
        return found.scalar_one_or_none()
    # By the driver itself: through SQLAlchemy, bytes come as hexadecimal text, of twice the size.
    with driven(connection) as driver, driver.cursor(binary=True) as cursor:
        row = cursor.execute(_PART.format("%s"), (version_id, number)).fetchone()
    return None if row is None else bytes(row[0])
