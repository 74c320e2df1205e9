import os
import tempfile
from pathlib import Path

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
from core.errors import BundleCorrupt, ClusterFailed
from core.model.bundle_cache import BundleCache
from tests.backfill.made_up import write_bundle
from tests.conftest import free_port
from tests.rows import question


def test_a_process_of_ray_tags_the_shards_of_a_batch(tmp_path: Path) -> None:
    import pyarrow as pa

    packed = write_bundle(tmp_path / "bundle.zip")
    sent = SentBundle("stats", packed.sha256, packed.size, packed.path.read_bytes)
    tagger = ShardTagger(sent, BundleCache(tmp_path / "cache", most_bytes=10**9))
    shards = pa.array([pack_questions([question(7, "About c++")])], pa.large_binary())
    (row,) = tagger(pa.table({"shard": [3], "questions": shards})).to_pylist()
    assert (row["shard"], row["failed"]) == (3, 0)
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


def test_shared_memory_that_is_not_there_has_no_room() -> None:
    assert not _has_room("/nowhere")


def test_what_a_model_was_refused_for_is_told_in_the_projects_own_words() -> None:
    outer = RuntimeError("The actor died.\nTraceback …\ncore.errors.BundleCorrupt: damaged")
    outer.__cause__ = BundleCorrupt("damaged")
    assert isinstance(_explain(outer), BundleCorrupt)


def test_another_failure_is_told_in_one_line() -> None:
    told = _explain(RuntimeError("The node died.\n  Traceback …\nOSError: no room\n"))
    assert isinstance(told, ClusterFailed)
    assert str(told) == "Ray stopped: OSError: no room"
