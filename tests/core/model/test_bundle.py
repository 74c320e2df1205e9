import hashlib
import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

import core.model.packed.members
from core.database.tables import BundlePart
from core.errors import BundleCorrupt, BundleForeign, BundleIncompatible, BundleRefused
from core.model.bundle import Bundle, inspect, pack, unpack
from core.model.encoding import BagInput, SequenceInput, TermsInput
from core.model.manifest import FORMAT_VERSION, Sample
from core.model.packed.members import SealedHash
from tests.conftest import ManualClock
from tests.models import LABELS, digest, pack_bytes, unzipped, word_bundle, zipped
from tests.rows import publish, unpack_version

PACKED = pack_bytes(word_bundle())


def contents(bundle: Bundle) -> tuple[object, ...]:
    assert bundle.keras is not None
    networks = bundle.keras.read_bytes(), bundle.tflite.read_bytes()
    return bundle.manifest, bundle.vocabulary.words, *networks


@contextmanager
def unpacked(data: bytes, **options: Any) -> Iterator[Bundle]:
    """A bundle of these bytes, in a folder of its own as long as the block lasts."""
    with TemporaryDirectory() as folder:
        packed = Path(folder) / "bundle.zip"
        packed.write_bytes(data)
        yield unpack(packed, Path(folder), **options)


def unpack_bytes(data: bytes, **options: Any) -> None:
    """Unpack a bundle that is to be refused."""
    with unpacked(data, **options):
        pass


def members() -> dict[str, bytes]:
    return unzipped(PACKED)


def with_manifest(change: Callable[[dict[str, Any]], object]) -> bytes:
    manifest = json.loads(members()["manifest.json"])
    change(manifest)
    return zipped(members() | {"manifest.json": json.dumps(manifest).encode()})


def test_a_bundle_comes_back_as_it_was_packed() -> None:
    sample = Sample(title="é", body="<p>&lt;β</p>", probabilities=(0.1,) * len(LABELS))
    bundle = word_bundle(sample=(sample,), metrics={"precision_at_1": 0.5, "split": "time"})
    with unpacked(pack_bytes(bundle), site="stats") as found:
        assert contents(found) == contents(bundle)


def test_every_kind_of_input_comes_back() -> None:
    inputs = (
        SequenceInput(name="title", source="title", length=3, unknown="mark", skip=2),
        BagInput(name="bag", source="body", length=4),
        TermsInput(name="terms", source="text", length=5),
    )
    with unpacked(pack_bytes(word_bundle(inputs=inputs))) as found:
        assert found.manifest.inputs == inputs


def test_equal_bundles_have_equal_bytes() -> None:
    assert pack_bytes(word_bundle()) == PACKED


def test_a_network_need_not_be_unpacked_by_whoever_loads_it() -> None:
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        packed = {info.filename: info.compress_type for info in archive.infolist()}
    assert packed.pop("model.tflite") == zipfile.ZIP_STORED
    assert set(packed.values()) == {zipfile.ZIP_DEFLATED}


@pytest.mark.parametrize("named", ["Stats", "stats.stackexchange.com", "stats"])
def test_a_bundle_of_before_may_call_its_site_by_another_name(tmp_path: Path, named: str) -> None:
    file = tmp_path / "bundle.zip"
    pack(word_bundle(site=named), file)
    assert inspect(file, site="stats").manifest.site == "stats"
    assert inspect(file, site=named).manifest.site == "stats"  # in a database of before


def test_another_sites_bundle_is_foreign() -> None:
    with pytest.raises(BundleForeign, match="belongs to the site stats, not to cooking"):
        unpack_bytes(PACKED, site="cooking")


def test_a_newer_format_is_incompatible_and_says_what_to_do() -> None:
    data = with_manifest(
        lambda manifest: manifest.update(format_version=FORMAT_VERSION + 1, new_field=1)
    )
    told = rf"version {FORMAT_VERSION + 1}.*reads 2 to {FORMAT_VERSION}. Install"
    with pytest.raises(BundleIncompatible, match=told):
        unpack_bytes(data)


@pytest.mark.parametrize("name", sorted(members()))
def test_a_missing_member_is_named(name: str) -> None:
    rest = {other: data for other, data in members().items() if other != name}
    with pytest.raises(BundleCorrupt, match=f"has no {name}"):
        unpack_bytes(zipped(rest))


def test_a_member_that_does_not_belong_is_refused() -> None:
    with pytest.raises(BundleCorrupt, match="do not belong"):
        unpack_bytes(zipped(members() | {"../evil.py": b""}))


@pytest.mark.parametrize("name", ["manifest.json", "vocabulary.json"])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(name: str) -> None:
    with pytest.raises(BundleCorrupt, match=f"{name} would unpack to 20,000,000 bytes"):
        unpack_bytes(zipped(members() | {name: bytes(20_000_000)}))


@pytest.mark.parametrize("name", ["manifest.json", "vocabulary.json"])
@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff", b"null", b"[" * 100_000])
def test_json_that_is_none_is_refused(name: str, data: bytes) -> None:
    if len(data) == 100_000:
        data += b'"' + bytes(range(32, 127)) * 1000  # or its size alone would give it away
    with pytest.raises(BundleCorrupt):
        unpack_bytes(zipped(members() | {name: data}))


@pytest.mark.slow
def test_every_changed_byte_is_refused() -> None:
    damaged = bytearray(PACKED)
    for place in range(len(PACKED)):
        damaged[place] ^= 1
        with pytest.raises(BundleCorrupt, match="damaged"):
            unpack_bytes(bytes(damaged))
        damaged[place] ^= 1


@given(place=st.integers(0, len(PACKED) - 1), value=st.integers(1, 255))
def test_a_byte_is_refused_whatever_it_changes_to(place: int, value: int) -> None:
    damaged = bytearray(PACKED)
    damaged[place] ^= value
    with pytest.raises(BundleCorrupt, match="damaged"):
        unpack_bytes(bytes(damaged))


def test_the_seal_is_the_sha_256_of_all_before_it() -> None:
    assert PACKED[-64:].decode() == hashlib.sha256(PACKED[:-64]).hexdigest()


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(place=st.integers(0, len(PACKED) - 65), value=st.integers(1, 255))
def test_a_byte_changed_under_a_new_seal_is_refused_or_changes_nothing(
    place: int, value: int
) -> None:
    damaged = bytearray(PACKED[:-64])
    damaged[place] ^= value
    try:
        with unpacked(bytes(damaged) + digest(bytes(damaged)).encode(), site="stats") as found:
            assert contents(found) == contents(word_bundle())
    except BundleRefused:
        return


def test_tagging_does_without_the_networks_other_form() -> None:
    with unpacked(PACKED, keras=False) as found:
        assert found.keras is None
        assert found.tflite.read_bytes() == word_bundle().tflite.read_bytes()


def test_a_model_too_large_for_a_bundle_is_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(core.model.packed.members.MEMBERS, "model.tflite", 100)
    with pytest.raises(BundleRefused, match=r"model.tflite has [\d,]+ bytes, .* takes 100"):
        pack_bytes(word_bundle())


@pytest.mark.slow
def test_zeros_are_refused_in_little_time_and_memory() -> None:
    zeros = zipped(members() | {"model.tflite": bytes(200_000_000)})
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(BundleCorrupt, match=r"tflite would unpack to 200,000,000 bytes"):
        unpack_bytes(zeros)
    assert time.process_time() - started < 1
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(0, len(PACKED) - 1))
def test_a_truncated_bundle_is_corrupt(length: int) -> None:
    with pytest.raises(BundleCorrupt):
        unpack_bytes(PACKED[:length])


@pytest.mark.slow
@settings(deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail))
def test_garbage_is_corrupt(data: bytes) -> None:
    with pytest.raises(BundleCorrupt):
        unpack_bytes(data)


@pytest.mark.parametrize("place", [0, len(PACKED) // 2, len(PACKED) - 1])
def test_the_registry_refuses_every_changed_byte(
    engine: Engine, clock: ManualClock, place: int
) -> None:
    with engine.begin() as connection:
        version = publish(connection, word_bundle(), now=clock.now())
        stored = connection.execute(select(BundlePart.data)).scalar_one()
        damaged = stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]
        connection.execute(update(BundlePart).values(data=damaged))
        with pytest.raises(BundleCorrupt, match="SHA-256"):
            unpack_version(connection, version)


def test_what_is_packed_says_what_is_in_its_file(tmp_path: Path) -> None:
    packed = pack(word_bundle(), tmp_path / "bundle.zip")
    assert packed == inspect(packed.path, site="stats", sha256=digest(PACKED))
    assert (packed.sha256, packed.size) == (digest(PACKED), len(PACKED))


def test_a_file_with_another_sha_256_than_told_is_refused(tmp_path: Path) -> None:
    packed = pack(word_bundle(), tmp_path / "bundle.zip")
    with pytest.raises(BundleCorrupt, match=f"another SHA-256: {packed.sha256}"):
        inspect(packed.path, sha256="0" * 64)


@given(st.lists(st.binary(max_size=200)))
def test_a_hash_in_pieces_is_that_of_the_whole(pieces: list[bytes]) -> None:
    found = SealedHash()
    for piece in pieces:
        found.update(piece)
    whole = b"".join(pieces)
    assert found.hexdigest() == digest(whole)
    assert not found.is_sealed()
    found.update(digest(whole).encode())
    assert found.is_sealed()


def test_a_long_list_of_members_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each takes half a kilobyte of memory, and fifty bytes of the file."""
    monkeypatch.setattr("zipfile.ZipFile._RealGetContents", None)
    with pytest.raises(BundleCorrupt, match="do not belong in one"):
        unpack_bytes(zipped({f"{number}.json": b"" for number in range(200)}))


def test_a_zip_whose_end_is_elsewhere_is_refused() -> None:
    rest = PACKED[:-64]
    moved = rest[:-2] + (0).to_bytes(2, "little")
    for data in (moved, rest[:-42] + b"PK\6\7" + rest[-38:]):
        sealed = data + hashlib.sha256(data).hexdigest().encode()
        with pytest.raises(BundleCorrupt, match="its end is another's"):
            unpack_bytes(sealed)
