"""Ray: the machines that tag, and the stream of shards through them.

The driver is the process of the command. It reads shards of questions and writes those of
predictions, so the machines of a cluster share no folder: questions, bundle and predictions go
through Ray's object store.
"""

import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from backfill.tagging import SentBundle, load_model, tag_shard
from core.clock import SystemClock
from core.console import end_on_sigterm
from core.errors import ClusterFailed, TaggerError
from core.log import silent_stderr
from core.model.bundle_cache import BundleCache

# Bytes of Ray's shared memory, where it would take 30 % of the machine's: for the bundle, and for
# what is in flight, which is some shards of one or two MB for each process.
OBJECT_STORE: Final = 512 << 20
STORE_OF_A_PROCESS: Final = 8 << 20

LONGEST_FOLDER: Final = 40  # characters: a socket's path has 107, and Ray adds 65

ANSWER_SECONDS: Final = 10.0

# To be set before Ray is imported: no usage statistics, and its C++ says nothing that is not fatal.
_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True, slots=True)
class TaggedShard:
    """A shard of predictions: its number, its file's bytes, and how many questions failed."""

    number: int
    predictions: bytes
    failed: int


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Start Ray on this machine, or join a cluster; give Ray's module.

    Args:
        address: the cluster's, as `10.0.0.1:6379`; None starts Ray on this machine, which listens
            on 127.0.0.1 alone, and ends with the block.

    Raises:
        ClusterFailed: it does not start, or the cluster gives no answer.
    """
    with _own_folder() if address is None else nullcontext("") as folder:
        try:
            ray = _start(folder) if address is None else _join(address)
        except (OSError, RuntimeError, ValueError) as error:
            where = "on this machine" if address is None else f"at {address}"
            raise ClusterFailed(f"There is no Ray {where}: {_last_line(error)}") from error
        end_on_sigterm()  # again: Ray's own way is to abort
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # its errors are raised, too
        with _silent_stdout():
            try:
                yield ray
            finally:
                ray.shutdown()


@contextmanager
def _silent_stdout() -> Iterator[None]:
    """Drop what Ray prints from a thread: traces of what it tries again by itself."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        yield


def _join(address: str) -> Any:
    """Join a cluster.

    Raises:
        OSError: nobody listens there; Ray itself would wait for minutes.
    """
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS).close()
    ray = _import_ray()
    with silent_stderr():
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    return ray


def _start(folder: str) -> Any:
    """Start a Ray that listens on 127.0.0.1 alone, and takes orders from this process alone."""
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # whatever its name, on all systems
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)  # or it writes one into the user's home
    ray = _import_ray()
    store = OBJECT_STORE + STORE_OF_A_PROCESS * (os.cpu_count() or 1)
    with silent_stderr():
        ray.init(
            address="local",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=store,
            _temp_dir=folder,
            _plasma_directory=None if _has_room("/dev/shm", store) else folder,  # noqa: S108
        )
    return ray


def _import_ray() -> Any:
    """Ray's module, quiet; what it is to find in the environment is set before."""
    os.environ.update(_QUIET)
    import ray  # noqa: PLC0415 (takes seconds)
    import ray.data  # noqa: PLC0415

    return ray


def _has_room(folder: str, store: int) -> bool:
    """Whether shared memory holds the object store; a container's has 64 MB by default."""
    try:
        return shutil.disk_usage(folder).free > 2 * store
    except OSError:
        return False


@contextmanager
def _own_folder() -> Iterator[str]:
    """A folder for Ray's sockets and logs, gone with the block."""
    parent = tempfile.gettempdir()
    parent = parent if len(parent) + 20 <= LONGEST_FOLDER else "/tmp"  # noqa: S108
    with tempfile.TemporaryDirectory(
        prefix="tagger-ray-", dir=parent, ignore_cleanup_errors=True
    ) as folder:
        yield folder


def tag_shards(
    ray: Any,
    numbers: Sequence[int],
    find: Callable[[int], Path],
    bundle: SentBundle,
    cache: BundleCache,
) -> Iterator[TaggedShard]:
    """Yield shards of predictions, in the order in which they are done.

    Args:
        ray: connected.
        numbers: of the shards.
        find: the file of a shard of questions, on this machine.
        bundle: the model's.
        cache: the folder for unpacked bundles, on each machine.

    Raises:
        ClusterFailed: a machine cannot load the model, with its reason, or Ray has stopped.
    """
    data = ray.data
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_consecutive_actor_init_deaths = 3  # or it would start a process that dies for ever
    here = ray.get_runtime_context().get_node_id()
    kept = ray.put(bundle.fetch())
    sent = replace(bundle, fetch=partial(ray.get, kept))
    # A row is a shard, packed: Ray would cut or join blocks of questions as it likes.
    stream = (
        data.from_items(
            [{"shard": number, "path": str(find(number).resolve())} for number in numbers],
            override_num_blocks=len(numbers),
        )
        .map_batches(
            _read_shards,
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=0,
            compute=data.TaskPoolStrategy(size=1),  # more would start a process each
            label_selector={"ray.io/node-id": here},
        )
        .map_batches(
            ShardTagger,
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=1,
            fn_constructor_args=(sent, cache),
            compute=data.ActorPoolStrategy(size=_count_processes(ray, len(numbers))),
        )
    )
    try:
        for batch in stream.iter_batches(batch_size=None, batch_format="pyarrow"):
            for row in batch.to_pylist():
                if row["refused"] is not None:
                    raise ClusterFailed(row["refused"])
                yield TaggedShard(row["shard"], row["predictions"], row["failed"])
    except (ray.exceptions.RayError, RuntimeError, ImportError) as error:
        raise ClusterFailed(_explain(error)) from error


def _count_processes(ray: Any, shards: int) -> int:
    return max(1, min(shards, int(ray.cluster_resources().get("CPU", 1))))


def _read_shards(batch: pa.Table) -> pa.Table:
    shards = [Path(path).read_bytes() for path in batch["path"].to_pylist()]
    return pa.table({"shard": batch["shard"], "questions": pa.array(shards, pa.large_binary())})


class ShardTagger:
    """What runs in each process of Ray: one model.

    A model that is refused is told with the first shard: what is raised, Ray would try for ever.
    """

    def __init__(self, bundle: SentBundle, cache: BundleCache) -> None:
        self._clock = SystemClock()
        self._refused: str | None = None
        try:
            self._model = load_model(bundle, cache)
        except TaggerError as error:
            self._refused = str(error)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Predict the shards of a batch."""
        tagged = [self._tag(shard.as_py()) for shard in batch["questions"]]
        return pa.table(
            {
                "shard": batch["shard"],
                "predictions": pa.array((one for one, _ in tagged), pa.large_binary()),
                "failed": pa.array((failed for _, failed in tagged), pa.int64()),
                "refused": pa.array([self._refused] * len(tagged), pa.string()),
            }
        )

    def _tag(self, shard: bytes) -> tuple[bytes, int]:
        if self._refused is not None:
            return b"", 0
        return tag_shard(self._model, shard, self._clock)


def _explain(error: BaseException) -> str:
    told = f"Ray stopped: {_last_line(error)}"
    if "No module named" in told:
        told += ' (a machine of the cluster lacks what pip install ".[scale]" brings)'
    return told


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
