import os
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from backfill.cluster import (
    LONGEST_FOLDER,
    ShardTagger,
    _explain,
    _has_room,
    _own_folder,
    connected,
)
from backfill.shards import pack_questions, unpack_predictions
from backfill.tagging import SentBundle
from core.errors import ClusterFailed
from core.model.bundle_cache import BundleCache
from tests.backfill.made_up import write_bundle
from tests.conftest import free_port
from tests.rows import question


def test_a_process_of_ray_tags_the_shards_of_a_batch(tmp_path: Path) -> None:
    packed = write_bundle(tmp_path / "bundle.zip")
    sent = SentBundle("stats", packed.sha256, packed.size, packed.path.read_bytes)
    tagger = ShardTagger(sent, BundleCache(tmp_path / "cache", most_bytes=10**9))
    shards = pa.array([pack_questions([question(7, "About c++")])], pa.large_binary())
    (row,) = tagger(pa.table({"shard": [3], "questions": shards})).to_pylist()
    assert (row["shard"], row["failed"], row["refused"]) == (3, 0, None)
    assert [one.tags[0].tag for one in unpack_predictions(row["predictions"])] == ["c++"]


def test_rays_own_folder_is_short_enough_for_its_sockets_and_gone_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 20)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with _own_folder() as folder:
        assert len(folder) <= LONGEST_FOLDER
        assert os.stat(folder).st_mode & 0o777 == 0o700  # noqa: PTH116
    assert not Path(folder).exists()


def test_a_cluster_that_gives_no_answer_is_told_at_once() -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(ClusterFailed, match=f"no Ray at {address}: .*refused"), connected(address):
        pass


def test_shared_memory_is_used_where_it_has_room() -> None:
    assert _has_room("/", 1)
    assert not _has_room("/", 1 << 60)
    assert not _has_room("/nowhere", 1)


@pytest.mark.parametrize(
    ("traces", "told"),
    [
        ("ray::map\n  Traceback …\nOSError: no room\n\n", "Ray stopped: OSError: no room"),
        ("…\nModuleNotFoundError: No module named 'backfill'", 'pip install ".[scale]" brings)'),
        ("", "Ray stopped: RuntimeError"),
    ],
)
def test_of_rays_traces_the_last_line_is_told(traces: str, told: str) -> None:
    assert _explain(RuntimeError(traces)).endswith(told)


def test_a_model_that_is_refused_is_told_with_the_shard(tmp_path: Path) -> None:
    sent = SentBundle("stats", "0" * 64, 1, lambda: b"half of it")
    tagger = ShardTagger(sent, BundleCache(tmp_path / "cache", most_bytes=10**9))
    (row,) = tagger(pa.table({"shard": [3], "questions": [b""]})).to_pylist()
    assert row["refused"].startswith("The model bundle has another SHA-256")
    assert row["predictions"] == b""
