"""A fortnight of polling with every fault at once, the process killed again and again."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from demo.standin.faults import ItemFault, Preset
from demo.standin.timeline import Life
from tests.poller.simulation import Simulation, simulation

LIFE = Life(
    edited=0.05,
    retagged=0.05,
    answered=0.4,
    unanswered_again=0.1,
    closed=0.02,
    migrated=0.01,
    deleted=0.02,
)

# A body that is huge in one answer alone is an edit, and is rightly tagged again.
ITEM_FAULTS = tuple(fault for fault in ItemFault if fault is not ItemFault.HUGE_BODY)


SOAKS = [pytest.param(seed, 20_000, 1, marks=pytest.mark.soak) for seed in range(1, 10)]


@pytest.mark.slow(20)
@pytest.mark.chaos
@pytest.mark.parametrize(("seed", "questions", "poll_hours"), [(0, 5_000, 2), *SOAKS])
def test_a_fortnight_misses_nothing_asks_for_nothing_twice_and_breaks_no_rule(
    sqlite_engine: Engine, seed: int, questions: int, poll_hours: int
) -> None:
    run = simulation(
        sqlite_engine,
        seed=seed,
        questions=questions,
        days=14,
        faults=replace(Preset.ALL.faults(seed), item_faults=ITEM_FAULTS),
        life=LIFE,
        kill_share=0.001 * poll_hours,
        poll_seconds=3600 * poll_hours,
        changed_seconds=36_000,
        refresh_hours=240,
    )
    run.run(days=14.5)
    assert run.kills > 10
    assert run.standin.observer.violations == []
    _assert_all_seen(run, questions // 2)
    _assert_each_once(run)


def _assert_all_seen(run: Simulation, at_least: int) -> None:
    expected = run.expected()
    assert len(expected) > at_least
    stored = {row.question_id for row in run.stored()}
    skipped = {row.question_id for row in run.skipped()}
    readable = {number for number in expected if run.readable(number)}
    assert readable - stored == set()
    unidentified = sum(row.question_id is None for row in run.skipped())
    assert len(expected - stored - skipped) <= unidentified


def _assert_each_once(run: Simulation) -> None:
    """Tagging is asked for once as a question was asked, and once more where it was edited."""
    asked = run.queue.keys()
    times = {row.question_id: asked[row.id] for row in run.stored()}
    assert {number for number, count in times.items() if count > 1} <= run.edited()
    assert max(times.values()) == 2
