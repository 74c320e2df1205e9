"""What a trainer leaves that is killed at any moment."""

import random
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from core.database.engine import make_engine
from core.database.tables import TrainingRun
from core.model.registry import Version, find_live, list_versions
from tests.conftest import ManualClock
from tests.processes import environment
from tests.rows import store_questions, unpack_version
from tests.trainer.made_up import made_up_questions
from tests.trainer.warm import fork_tagger
from trainer.report.store import load_report

SITE = "fruit"
QUESTIONS = 500
KILLS = 2  # of each database


def live(engine: Engine) -> Version | None:
    with engine.connect() as connection:
        return find_live(connection, SITE)


@pytest.mark.chaos
@pytest.mark.slow(50)
@pytest.mark.timeout(1200)
def test_a_trainer_that_is_killed_at_any_moment_leaves_the_live_model_and_the_lock(
    engine: Engine, tmp_path: Path
) -> None:
    store_questions(
        engine, *made_up_questions(QUESTIONS), now=ManualClock().now(), request_tagging=False
    )
    log = tmp_path / "log"
    address = engine.url.render_as_string(hide_password=False)
    began = time.monotonic()
    assert _run_command(address, log, None) == 0
    whole = time.monotonic() - began
    before = live(engine)
    assert before is not None
    dice, killed = random.Random(1), 0
    for _ in range(KILLS):
        status = _run_command(address, log, dice.uniform(0.3, whole))
        killed += status == -signal.SIGKILL
        now = live(engine)
        assert now is not None
        _assert_nothing_is_half_done(engine, now)
    assert killed > 0
    assert _run_command(address, log, None) == 0
    with engine.connect() as connection:
        found = connection.execute(
            select(TrainingRun.id, TrainingRun.outcome, TrainingRun.ended_at).order_by(
                TrainingRun.id
            )
        ).all()
    assert [run.ended_at is not None for run in found] == [True] * len(found)
    assert [run.outcome for run in found].count("promoted") == len(found) - sum(
        run.outcome == "failed" for run in found
    )
    with engine.connect() as connection:
        number, _ = load_report(connection, SITE)
    assert number == found[-1].id


def _run_command(address: str, log: Path, seconds: float | None) -> int:
    """Train by the command; kill it after some seconds. Return its status."""
    env = environment(database_url=address, min_questions=50)
    command = ["train", "-s", SITE, "-a", "simple", "--epochs", "2", "--promote"]
    process = fork_tagger(command, env, log)
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _assert_nothing_is_half_done(engine: Engine, now: Version) -> None:
    """The live version is whole, and its run's row says that it was promoted."""
    own = make_engine(engine.url.render_as_string(hide_password=False))
    with own.connect() as connection:
        unpack_version(connection, now)
        promoted = select(TrainingRun.model_version_id).where(TrainingRun.outcome == "promoted")
        assert now.id in connection.execute(promoted).scalars().all()
        versions = [version.version for version in list_versions(connection, SITE)]
        assert all(later == earlier + 1 for earlier, later in pairwise(versions))
    own.dispose()
