import io
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.database.tables import BundlePart
from core.errors import DatabaseUnreachable
from core.model.bundle_store import fetch_parts, open_parts, store_parts
from core.model.packed.members import PIECE
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
