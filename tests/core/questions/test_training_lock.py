import fcntl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.database.engine import make_engine, reading
from core.errors import TrainingInProgress
from core.questions.training_lock import is_training, training_lock
from tests.processes import wait_until

NOTICED = "the death of who held the lock is noticed"  # by Postgres, a moment after it

HOLDER = """
import sys
from core.database.engine import make_engine
from core.questions.training_lock import training_lock
with training_lock(make_engine(sys.argv[1]), "stats"):
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(engine: Engine) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the site stats."""
    address = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", HOLDER, address]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def is_locked(engine: Engine, site: str) -> bool:
    try:
        with training_lock(engine, site):
            return False
    except TrainingInProgress:
        return True


def is_seen(engine: Engine, site: str) -> bool:
    with reading(engine) as connection:
        return is_training(connection, site)


def test_a_site_is_trained_by_one_process_at_a_time(engine: Engine) -> None:
    with holder(engine):
        assert is_locked(engine, "stats")
        assert not is_locked(engine, "cooking")


def test_a_killed_holder_frees_the_lock(engine: Engine) -> None:
    with holder(engine) as process:
        process.kill()
        process.wait()
        wait_until(lambda: not is_locked(engine, "stats"), seconds=10, what=NOTICED)


def test_the_lock_is_free_again_after_a_run_however_it_ended(engine: Engine) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), training_lock(engine, "stats"):
            raise ZeroDivisionError
    other = make_engine(engine.url.render_as_string(hide_password=False))
    with training_lock(engine, "stats"):
        assert is_locked(other, "stats")
    assert not is_locked(other, "stats")
    other.dispose()


def test_a_site_with_an_odd_name_has_a_lock_too(sqlite_engine: Engine) -> None:
    assert not is_locked(sqlite_engine, "../../etc")


def test_whether_a_site_is_trained_can_be_seen_without_its_lock(engine: Engine) -> None:
    assert not is_seen(engine, "stats")
    with holder(engine) as process:
        assert is_seen(engine, "stats")
        assert not is_seen(engine, "cooking")
        process.kill()
        process.wait()
        wait_until(lambda: not is_seen(engine, "stats"), seconds=10, what=NOTICED)
    assert not is_locked(engine, "stats")


def test_who_looks_keeps_no_training_out(sqlite_engine: Engine) -> None:
    file = Path(f"{sqlite_engine.url.database}.training-stats.lock")
    file.touch()
    with file.open("rb") as look:
        fcntl.flock(look, fcntl.LOCK_SH)
        end = threading.Timer(0.06, fcntl.flock, [look, fcntl.LOCK_UN])
        end.start()
        assert not is_locked(sqlite_engine, "stats")
        end.join()
