"""What is fetched of a version that is to be served, and by what it is believed."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, null, select, update
from sqlalchemy.engine import Connection

from core.database.tables import BundlePart, ModelVersion
from core.errors import BundleCorrupt, BundleForeign, VersionPruned
from core.model import registry
from core.model.fetching import fetch_from, fetch_manifest, load_bundle
from core.model.packed.members import PIECE, SERVED
from core.model.registry import Version
from tests.conftest import ManualClock
from tests.models import digest, word_bundle
from tests.rows import publish_live

OF_PEOPLE = 3 * PIECE  # bytes of model.keras, which stands before the network that is served


@pytest.fixture
def version(engine: Engine, clock: ManualClock, tmp_path: Path) -> Version:
    """A live version whose bundle has four parts."""
    keras = tmp_path / "of_people.keras"
    keras.write_bytes(os.urandom(OF_PEOPLE))
    return publish_live(engine, replace(word_bundle(), keras=keras), now=clock.now())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "fetched"
    found.mkdir()
    return found


def change_part(connection: Connection, version: Version, number: int, place: int) -> None:
    """Flip a bit of a byte of a part."""
    part = BundlePart.model_version_id == version.id, BundlePart.number == number
    data = bytearray(connection.execute(select(BundlePart.data).where(*part)).scalar_one())
    data[place] ^= 1
    connection.execute(update(BundlePart).where(*part).values(data=bytes(data)))


def forget_digests(connection: Connection, version: Version) -> None:
    """As a version that was published before revision 0027."""
    row = update(ModelVersion).where(ModelVersion.id == version.id)
    connection.execute(row.values(served_sha256=null()))


def test_what_is_served_is_fetched_with_its_digests(
    engine: Engine, version: Version, folder: Path
) -> None:
    digests = fetch_from(engine)(version, folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert files.keys() == set(SERVED)
    assert digests == {name: digest(data) for name, data in files.items()}
    assert files["model.tflite"] == word_bundle().tflite.read_bytes()


def test_the_network_for_people_is_not_even_read(
    engine: Engine, version: Version, folder: Path
) -> None:
    with engine.begin() as connection:
        change_part(connection, version, 1, 0)
    assert fetch_from(engine)(version, folder) is not None
    with engine.connect() as connection:
        assert fetch_manifest(connection, version) == word_bundle().manifest
    with engine.connect() as connection, pytest.raises(BundleCorrupt, match="SHA-256"):
        load_bundle(connection, version, folder)


def in_vocabulary(connection: Connection, version: Version) -> None:
    packed = connection.execute(select(BundlePart.data).where(BundlePart.number == 0)).scalar_one()
    change_part(connection, version, 0, bytes(packed).index(b"vocabulary.json") + 20)


def in_network(connection: Connection, version: Version) -> None:
    change_part(connection, version, 3, 2000)


def in_list_of_members(connection: Connection, version: Version) -> None:
    change_part(connection, version, 3, -70)


@pytest.mark.parametrize("change", [in_vocabulary, in_network, in_list_of_members])
def test_what_is_served_is_refused_where_one_bit_has_changed(
    engine: Engine,
    version: Version,
    folder: Path,
    change: Callable[[Connection, Version], None],
) -> None:
    with engine.begin() as connection:
        change(connection, version)
    with pytest.raises(BundleCorrupt, match="SHA-256 the registry holds"):
        fetch_from(engine)(version, folder)


def test_a_version_without_digests_is_fetched_as_a_whole(
    engine: Engine, version: Version, folder: Path
) -> None:
    with engine.begin() as connection:
        forget_digests(connection, version)
    assert fetch_from(engine)(version, folder) is None
    assert {path.name for path in folder.iterdir()} == set(SERVED)
    with engine.begin() as connection:
        change_part(connection, version, 1, 0)
    with pytest.raises(BundleCorrupt, match="SHA-256"):
        fetch_from(engine)(version, folder)


def test_another_sites_bundle_and_a_pruned_one_are_refused(
    engine: Engine, version: Version, folder: Path, clock: ManualClock
) -> None:
    with pytest.raises(BundleForeign):
        fetch_from(engine)(replace(version, site="cooking"), folder)
    publish_live(engine, word_bundle(data_fingerprint="newer"), now=clock.now())
    publish_live(engine, word_bundle(data_fingerprint="newest"), now=clock.now())
    with engine.begin() as connection:
        (pruned,) = registry.prune(connection, "stats", keep=0, now=clock.now())
    with pytest.raises(VersionPruned):
        fetch_from(engine)(pruned, folder)
    with engine.connect() as connection, pytest.raises(VersionPruned):
        fetch_manifest(connection, pruned)
