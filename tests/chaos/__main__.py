"""Faults from outside on the real processes, for so many minutes: what `make chaos` runs.

    python -m tests.chaos --seed 1 --database postgres --minutes 5

It ends with 1 where a question was lost, left untagged or tagged twice, where a process ended by
itself, or where the service took more than 30 seconds to recover from a fault.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.chaos.report import BOUND_SECONDS, Recovery, Report
from tests.chaos.schedule import Hit, schedule
from tests.chaos.world import World, now, running_world

Tell = Callable[[str], object]
START_SECONDS: Final = 120.0
RECOVERY_SECONDS: Final = 90.0  # to see how late what is late comes
SETTLE_SECONDS: Final = 180.0  # what was spoilt is read again in minutes


def run(world: World, report: Report, *, seconds: float, only: str, tell: Tell) -> None:
    """Let faults come for so long, and settle up.

    Args:
        world: which runs.
        report: what is written into.
        seconds: how long.
        only: what the names of all faults are to hold.
        tell: takes a line for each fault.
    """
    began, start = time.monotonic(), now()
    ready = world.wait(lambda: world.has_recovered(start), START_SECONDS)
    assert ready is not None, f"the services do not tag: see {world.folder / 'logs'}"
    memory = world.keeper.memory()
    for hit in schedule(world.seed, world.database, only, world.broker.name):
        if time.monotonic() - began > seconds:
            break
        lack = hit.fault.lack(world)
        if lack is not None:
            report.skipped[hit.fault.name] = lack
            continue
        recovery = _hit(world, hit)
        report.recoveries.append(recovery)
        shown = "not" if recovery.seconds is None else f"after {recovery.seconds:.1f} s"
        tell(f"{time.monotonic() - began:6.0f} s  {recovery.name}: recovered {shown}")
    _settle(world, report)
    report.memory = (memory, world.keeper.memory())
    report.unexpected = [*world.keeper.unexpected, *world.keeper.ends_in_up()]
    report.tracebacks = world.keeper.tracebacks()
    report.rules_broken = world.api.rules_broken()


def _hit(world: World, hit: Hit) -> Recovery:
    """Let a fault come while workers are busy, and wait until all is well again."""
    chance = hit.chance()
    world.ledger.request_all()
    world.sleep(chance.uniform(0.2, 1.5))
    hit.fault.act(world, chance)
    end = now()
    seconds = world.wait(lambda: world.has_recovered(end), RECOVERY_SECONDS)
    return Recovery(hit.fault.name, seconds, hit.fault.grace)


def _settle(world: World, report: Report) -> None:
    """Wait until all that the API has shown for a while is stored and tagged, and settle up."""
    expected = world.shown()
    end = now()

    def is_settled() -> bool:
        return world.ledger.missing(expected) == set() and world.ledger.pending(end) == 0

    world.wait(is_settled, SETTLE_SECONDS)
    world.api.stall()  # no question comes in any more
    world.wait(lambda: world.ledger.pending(now()) == 0, RECOVERY_SECONDS)
    world.api.go_on()
    report.account = world.ledger.account(expected)


def main() -> int:
    """Run once; return 1 where it does not pass."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    asked.add_argument("--minutes", type=float, default=5.0)
    asked.add_argument("--only", default="", help="faults whose names hold this")
    asked.add_argument("--broker", choices=["redis", "rabbitmq"], default="redis")
    asked.add_argument("--up", action="store_true", help="let tagger up run the services")
    asked.add_argument("--bound", type=float, default=BOUND_SECONDS, help="of a recovery, seconds")
    given = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tagger-chaos-"))
    folder.chmod(0o711)  # Postgres runs as somebody else, where root runs this
    title = f"seed {given.seed}, {given.database}, {given.broker}, {given.minutes:g} minutes"
    title += ", tagger up" if given.up else ""
    report = Report(title, bound=given.bound)

    def tell(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    tell(f"{report.title}; logs in {folder}")
    try:
        with running_world(
            folder, given.database, given.seed, broker=given.broker, up=given.up
        ) as world:
            run(world, report, seconds=60 * given.minutes, only=given.only, tell=tell)
    finally:
        for line in report.lines():
            tell(line)
    return 0 if report.passes else 1


if __name__ == "__main__":
    sys.exit(main())
