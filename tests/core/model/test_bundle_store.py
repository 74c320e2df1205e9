import io
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.database.tables import BundlePart
from core.errors import BundleCorrupt, DatabaseUnreachable
from core.model.bundle import pack
from core.model.bundle_store import fetch_parts, open_parts, store_parts
from core.model.packed.members import PIECE, TFLITE, write_served_member
from tests.conftest import ManualClock
from tests.models import digest, word_bundle
from tests.rows import publish

LARGE = bytes(range(256)) * (3 * PIECE // 256) + b"the last part is shorter"


@pytest.fixture
def version_id(engine: Engine, clock: ManualClock, tmp_path: Path) -> int:
    """A version with a bundle of four parts."""
    (tmp_path / "large").write_bytes(LARGE)
    with engine.begin() as connection:
        pk = publish(connection, word_bundle(), now=clock.now()).id
        connection.execute(delete(BundlePart))
        store_parts(connection, pk, tmp_path / "large")
    return pk


def test_a_file_comes_back_from_its_parts(engine: Engine, version_id: int, tmp_path: Path) -> None:
    with engine.connect() as connection:
        sizes = connection.execute(
            select(func.length(BundlePart.data)).order_by(BundlePart.number)
        ).scalars()
        assert list(sizes) == [PIECE] * 3 + [len(LARGE) - 3 * PIECE]
        found = fetch_parts(connection, version_id, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == LARGE
    assert found.hexdigest() == digest(LARGE)


def test_parts_are_read_where_they_stand(engine: Engine, version_id: int) -> None:
    with engine.connect() as connection:
        file = open_parts(connection, version_id, len(LARGE))
        assert file.read() == LARGE
        assert file.seek(-30, io.SEEK_END) == len(LARGE) - 30
        assert file.read() == LARGE[-30:]
        file.seek(PIECE - 10)
        assert file.read(20) == LARGE[PIECE - 10 : PIECE + 10]


@pytest.mark.usefixtures("version_id")
def test_parts_go_with_their_version(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM model_versions"))
        assert connection.execute(select(func.count()).select_from(BundlePart)).scalar() == 0


def test_a_part_stands_once(engine: Engine, version_id: int) -> None:
    again = {"model_version_id": version_id, "number": 0, "data": b"?"}
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(BundlePart), again)


def test_a_server_that_goes_away_between_two_parts_is_one_line(
    postgres_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    engine, other = make_engine(postgres_url), make_engine(postgres_url)
    upgrade(engine)
    with engine.connect() as connection:
        pk = publish(connection, word_bundle(), now=clock.now()).id
        own = connection.execute(text("SELECT pg_backend_pid()")).scalar()
        with other.begin() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
        with pytest.raises(DatabaseUnreachable, match="cannot be used"):
            fetch_parts(connection, pk, tmp_path / "fetched")
    with engine.connect() as connection:  # the pool has another one
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()
    other.dispose()


class Counted(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.count += len(found)
        return found


@pytest.mark.parametrize(
    ("left", "most"),
    [
        (b"", len(LARGE)),
        (LARGE[:-1000], 1000),
        (LARGE, 0),
        (bytes(1000), 2 * len(LARGE)),
        (LARGE + b"?", len(LARGE)),
    ],
)
def test_a_member_is_read_on_where_a_process_died_and_anew_where_what_it_left_is_wrong(
    tmp_path: Path, left: bytes, most: int
) -> None:
    (tmp_path / "large").write_bytes(LARGE)
    packed = pack(replace(word_bundle(), tflite=tmp_path / "large"), tmp_path / "zip").path
    target, file = tmp_path / TFLITE, Counted(packed.read_bytes())
    target.write_bytes(left)
    write_served_member(file, TFLITE, target, sha256=digest(LARGE))
    assert target.read_bytes() == LARGE
    assert file.count <= most + 100_000  # the list of members, too
    with pytest.raises(BundleCorrupt, match="has another"):
        write_served_member(file, TFLITE, target, sha256="0" * 64)
