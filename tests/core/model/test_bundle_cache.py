import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from core.errors import BundleCorrupt, BundleIncompatible, CacheUnusable, DatabaseUnreachable
from core.model.bundle import pack, unpack
from core.model.bundle_cache import BundleCache
from core.model.fetching import fetch_from
from core.model.manifest import FORMAT_VERSION
from core.model.packed.members import KERAS, MANIFEST, TFLITE
from core.model.predictor import Model
from core.model.registry import Version
from tests.conftest import ManualClock
from tests.models import TFLITE as NETWORK
from tests.models import word_bundle
from tests.rows import publish_live

LARGE = 10**9


class Download:
    """Unpacks the word network's bundle, and counts how often."""

    def __init__(self, folder: Path) -> None:
        self.count = 0
        self._packed = pack(word_bundle(), folder / "download.zip").path

    def __call__(self, _version: Version, folder: Path) -> None:
        self.count += 1
        unpack(self._packed, folder, keras=False)


@pytest.fixture
def version(sqlite_engine: Engine, clock: ManualClock) -> Version:
    return publish_live(sqlite_engine, word_bundle(), now=clock.now())


@pytest.fixture
def download(tmp_path: Path) -> Download:
    return Download(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def load(folder: Path, version: Version, download: Download, *, most_bytes: int = LARGE) -> Model:
    with BundleCache(folder, most_bytes=most_bytes).open(version, download) as bundle:
        assert bundle.tflite.read_bytes() == NETWORK.read_bytes()
        return Model(bundle)


def own(folder: Path) -> Path:
    """This user's part of the cache."""
    return folder / f"user-{os.geteuid()}"


def entries(folder: Path) -> set[str]:
    return {path.name for path in own(folder).iterdir() if path.is_dir()}


def test_a_bundle_is_fetched_once_and_stands_unpacked(
    folder: Path, version: Version, download: Download
) -> None:
    models = [load(folder, version, download) for _ in range(3)]
    assert download.count == 1
    assert models[2].manifest == word_bundle().manifest
    assert entries(folder) == {version.sha256}
    assert KERAS not in {path.name for path in (own(folder) / version.sha256).iterdir()}


def test_a_bundle_comes_from_the_registry(engine: Engine, clock: ManualClock, folder: Path) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    with BundleCache(folder, most_bytes=LARGE).open(version, fetch_from(engine)) as bundle:
        assert bundle.vocabulary.words == word_bundle().vocabulary.words


def truncate(entry: Path) -> None:
    os.truncate(entry / TFLITE, 100)


def flip(entry: Path) -> None:
    data = bytearray((entry / TFLITE).read_bytes())
    data[50] ^= 1
    (entry / TFLITE).write_bytes(data)


def remove(entry: Path) -> None:
    (entry / TFLITE).unlink()


def remove_digests(entry: Path) -> None:
    (entry / "digests.json").unlink()


def scribble(entry: Path) -> None:
    (entry / "digests.json").write_text("{")


def write_a_list(entry: Path) -> None:
    (entry / "digests.json").write_text("[]")


def name_nothing(entry: Path) -> None:
    (entry / "digests.json").write_text(json.dumps({}))


def link(entry: Path) -> None:
    (entry / TFLITE).rename(entry.parent / "elsewhere")
    (entry / TFLITE).symlink_to(entry.parent / "elsewhere")


@pytest.mark.parametrize(
    "damage", [truncate, flip, remove, remove_digests, scribble, write_a_list, name_nothing, link]
)
def test_a_damaged_bundle_is_seen_and_made_anew(
    folder: Path,
    version: Version,
    download: Download,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[Path], None],
) -> None:
    load(folder, version, download)
    damage(own(folder) / version.sha256)
    load(folder, version, download)
    assert download.count == 2
    assert "is damaged and made anew" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_bundle_of_a_newer_format_is_refused_and_not_made_anew(
    folder: Path, version: Version, download: Download, caplog: pytest.LogCaptureFixture
) -> None:
    load(folder, version, download)
    entry = own(folder) / version.sha256
    manifest = (entry / MANIFEST).read_bytes()
    newer = json.dumps(json.loads(manifest) | {"format_version": FORMAT_VERSION + 1}).encode()
    (entry / MANIFEST).write_bytes(newer)
    digests = (entry / "digests.json").read_text()
    old, new = (hashlib.sha256(one).hexdigest() for one in (manifest, newer))
    (entry / "digests.json").write_text(digests.replace(old, new))
    with pytest.raises(BundleIncompatible):
        load(folder, version, download)
    assert download.count == 1
    assert caplog.text == ""


def test_a_bundle_of_another_user_is_made_anew(
    folder: Path, version: Version, download: Download
) -> None:
    load(folder, version, download)
    os.chown(own(folder) / version.sha256 / TFLITE, 12345, 12345)
    load(folder, version, download)
    assert download.count == 2
    assert (own(folder) / version.sha256 / TFLITE).stat().st_uid == os.geteuid()


def test_what_a_dead_process_left_half_written_is_replaced(
    folder: Path, version: Version, download: Download
) -> None:
    for name in (".unfinished", ".unfinished-of-another", f".unfinished-{version.sha256}"):
        half = own(folder) / name
        half.mkdir(parents=True)
        (half / TFLITE).write_bytes(b"half")
        (half / "bundle.zip").touch()
    (own(folder) / ".unfinished-file").symlink_to(folder)
    load(folder, version, download)
    load(folder, version, download)
    assert (entries(folder), download.count) == ({version.sha256}, 1)


def test_what_was_fetched_before_the_database_was_lost_is_not_fetched_again(
    engine: Engine, clock: ManualClock, folder: Path
) -> None:
    version, cache = (
        publish_live(engine, word_bundle(), now=clock.now()),
        BundleCache(folder, most_bytes=LARGE),
    )

    def lose(_version: Version, unfinished: Path) -> None:
        (unfinished / TFLITE).write_bytes(NETWORK.read_bytes()[:-100])
        raise DatabaseUnreachable("the link is slow")

    with pytest.raises(DatabaseUnreachable):
        cache.open(version, lose).__enter__()
    sizes: list[int] = []

    def go_on(one: Version, unfinished: Path) -> dict[str, str] | None:
        sizes.append((unfinished / TFLITE).stat().st_size)
        return fetch_from(engine)(one, unfinished)

    with cache.open(version, go_on) as bundle:
        assert bundle.tflite.read_bytes() == NETWORK.read_bytes()
    assert sizes == [NETWORK.stat().st_size - 100]
    assert entries(folder) == {version.sha256}


def test_one_that_is_tried_is_fetched_whole_whatever_was_left_of_it(
    folder: Path, version: Version, download: Download
) -> None:
    """Or a trial would not see that the database holds no more what this machine does."""
    unfinished = own(folder) / f".unfinished-{version.sha256}"
    unfinished.mkdir(parents=True)
    (unfinished / TFLITE).write_bytes(NETWORK.read_bytes())

    def fetch(one: Version, into: Path) -> None:
        assert list(into.iterdir()) == []
        download(one, into)

    with BundleCache(folder, most_bytes=LARGE).open(version, fetch, fresh=True):
        assert download.count == 1


def test_a_download_that_fails_leaves_nothing(folder: Path, version: Version) -> None:
    def refuse(_version: Version, unfinished: Path) -> None:
        (unfinished / TFLITE).write_bytes(b"half")
        raise BundleCorrupt("no such luck")

    with (
        pytest.raises(BundleCorrupt, match="no such luck"),
        BundleCache(folder, most_bytes=LARGE).open(version, refuse),
    ):
        pass
    assert entries(folder) == set()


def test_of_several_that_start_at_once_one_downloads(
    folder: Path, version: Version, download: Download
) -> None:
    together = Barrier(8)

    def start(_number: int) -> Model:
        together.wait()
        return load(folder, version, download)

    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(start, range(8)))) == 8
    assert download.count == 1


def numbered(version: Version, number: int) -> Version:
    return replace(version, sha256=f"{number:064}")


def test_the_least_recently_used_go_beyond_the_bound(
    folder: Path, version: Version, download: Download
) -> None:
    first, second, third = (numbered(version, number) for number in (1, 2, 3))
    load(folder, first, download)
    size = sum(path.stat().st_size for path in (own(folder) / first.sha256).iterdir())
    room = 2 * first.size + size  # that is reckoned for the one that comes, and one beside it
    load(folder, second, download, most_bytes=room)
    os.utime(own(folder) / second.sha256, (1, 1))
    load(folder, first, download, most_bytes=room)
    load(folder, third, download, most_bytes=room)
    assert entries(folder) == {first.sha256, third.sha256}


def test_what_is_no_bundle_of_ours_is_left_alone(
    folder: Path, version: Version, download: Download
) -> None:
    photos = own(folder) / "photos"
    photos.mkdir(parents=True)
    (photos / "cat.jpg").write_bytes(b"cat")
    (folder / "another").mkdir()
    for number in (1, 2):
        load(folder, numbered(version, number), download, most_bytes=1)
    assert (photos / "cat.jpg").read_bytes() == b"cat"
    assert (folder / "another").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")
def test_each_user_has_a_part_of_its_own(
    folder: Path, version: Version, download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(folder, version, download)
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    assert BundleCache(folder, most_bytes=LARGE).folder.name == "user-12345"


def test_a_bundle_larger_than_the_bound_is_kept_alone(
    folder: Path, version: Version, download: Download
) -> None:
    for number in (1, 2):
        load(folder, numbered(version, number), download, most_bytes=1)
    assert entries(folder) == {numbered(version, 2).sha256}


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, version: Version, download: Download
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CacheUnusable, match=r"file.*cannot be used: .*TAGGER_MODEL_CACHE_DIR"):
        load(tmp_path / "file", version, download)


def test_a_folder_that_keeps_nothing_is_one_line(folder: Path, version: Version) -> None:
    def lose(_version: Version, _unfinished: Path) -> None:
        pass

    with (
        pytest.raises(CacheUnusable, match="cannot be used: No such file"),
        ExitStack() as stack,
    ):
        stack.enter_context(BundleCache(folder, most_bytes=LARGE).open(version, lose))
