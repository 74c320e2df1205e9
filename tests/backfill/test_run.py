"""The whole command with a real Ray on this machine, started once: that takes most of the time."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from core.clock import SystemClock
from core.database.engine import make_engine
from core.database.tables import Prediction
from tests.backfill.made_up import write_bundle, write_questions
from tests.models import LABELS, word_bundle
from tests.rows import publish_live

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS, SHARD = 240, 5

SCRIPT = f"""
import sys
from pathlib import Path
from core.console import command, start
from backfill.load import Wanted
from backfill.run import Work, run
file, out, model = map(Path, sys.argv[2:5])
wanted = Wanted() if "load" in sys.argv else None
work = Work((file,), out, model, None, sys.argv[1], wanted=wanted, shard_questions={SHARD})
command(run)(start(), work)
print("TensorFlow" if "tensorflow" in sys.modules else "no TensorFlow")
"""


# Ray of this machine alone, as the command starts it, until standard input ends.
HOST = """
import os, sys
from backfill.cluster import connected
with connected(None) as ray:
    address = ray.get_runtime_context().gcs_address
    print(address, os.environ["RAY_AUTH_TOKEN"], file=sys.__stdout__, flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Host:
    """A Ray that runs: its address, and what a process is to find in its environment to join it."""

    address: str
    environment: dict[str, str]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with begin(HOST, tmp_path) as process:
        assert process.stdout is not None
        address, token = process.stdout.readline().split()
        environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
        yield Host(address, environment | {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"})
        _, complaints = process.communicate(timeout=60)
    assert complaints == ""


def begin(
    script: str, folder: Path, *arguments: object, host: Host | None = None
) -> subprocess.Popen[str]:
    joining = {} if host is None else host.environment
    return subprocess.Popen(
        [sys.executable, "-c", script, *([host.address] if host else []), *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | joining,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for the end; return what was printed."""
    printed, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, complaints
    return printed, complaints


def shards(out: Path) -> list[Path]:
    return sorted((out / "predictions").glob("*.parquet"))


@pytest.mark.chaos
@pytest.mark.slow
def test_a_backfill_that_was_killed_is_resumed_and_tags_each_question_once(
    tmp_path: Path, host: Host, migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", migrated_sqlite_url)
    engine = make_engine(migrated_sqlite_url)
    publish_live(engine, word_bundle(), now=SystemClock().now())
    file = write_questions(tmp_path / "a.jsonl", range(1, QUESTIONS + 1))
    out, model = tmp_path / "out", write_bundle(tmp_path / "bundle.zip").path

    killed = begin(SCRIPT, tmp_path, file, out, model, host=host)
    while not shards(out) and killed.poll() is None:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    done = {path: path.read_bytes() for path in shards(out)}
    assert 0 < len(done) < QUESTIONS // SHARD

    printed, complaints = finish(begin(SCRIPT, tmp_path, file, out, model, "load", host=host))
    cut, tagged, loaded, without = printed.splitlines()  # and none of Ray's own
    assert cut == f"{QUESTIONS} questions in {QUESTIONS // SHARD} shards."
    assert tagged.startswith(f"{QUESTIONS // SHARD - len(done):,} shards tagged in ")
    assert loaded.startswith(f"{QUESTIONS} predictions loaded as version 1 of stats; ")
    assert without == "no TensorFlow"
    assert complaints == ""
    assert {path: path.read_bytes() for path in done} == done
    rows = [row for path in shards(out) for row in pq.read_table(path).to_pylist()]
    assert Counter(row["question_id"] for row in rows) == Counter(range(1, QUESTIONS + 1))
    for row in rows:
        assert row["tags"][0]["tag"] == LABELS[row["question_id"] % len(LABELS)]
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Prediction)) == QUESTIONS
    engine.dispose()
