"""Versions of models that are promoted and rolled back, and a worker of an earlier program."""

import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

from tests.chaos.faults.base import SHORT, START_SECONDS, Act, beside
from tests.chaos.phases import halt_file, halted_file
from tests.chaos.world import World
from tests.processes import ROOT

AGAIN_SECONDS: Final = 3.0  # the other workers may have tagged all before


def move(world: World, chance: random.Random) -> None:
    """Promote a version and roll it back, while batches of either are under way."""
    for forward in (True, False, True, False):
        world.ledger.move_live(forward=forward)
        world.sleep(chance.uniform(0.1, 2.0))


def move_in_phase(phase: str) -> Act:
    """Promote a version while a batch is in a phase, and roll it back while another one is."""

    def act(world: World, chance: random.Random) -> None:
        folder = world.folder / f"halts-{chance.randrange(10**6)}"
        folder.mkdir()
        name = f"worker-of-{folder.name}"
        worker = world.service(name, "worker", "--name", name)
        worker.program = ("-m", "tests.chaos.phases", str(folder))
        with beside(world, worker):
            for forward in (True, False):
                with _halted(world, folder, phase):
                    moved = Thread(target=world.ledger.move_live, kwargs={"forward": forward})
                    moved.start()  # where one may write at a time, it waits for the batch
                    world.sleep(chance.uniform(0.2, 1.5))
                moved.join()

    return act


@contextmanager
def _halted(world: World, folder: Path, phase: str) -> Iterator[None]:
    """Have a batch halt in a phase for as long as the block lasts."""
    halted, given_up = halted_file(folder, phase), Event()

    def request() -> None:
        """Keep all workers busy; by a thread, for a batch that halts may hold SQLite's lock."""
        while not (halted.exists() or given_up.is_set()):
            world.ledger.request_all()
            given_up.wait(AGAIN_SECONDS)

    requesting = Thread(target=request)
    halt_file(folder, phase).touch()
    requesting.start()
    if world.wait(halted.exists, START_SECONDS) is None:
        world.keeper.unexpected.append((f"no batch that is {phase}", None))
    try:
        yield
    finally:
        given_up.set()
        for file in (halt_file(folder, phase), halted):
            file.unlink(missing_ok=True)
        requesting.join()


def other_program(world: World, chance: random.Random) -> None:
    """Run a third worker of an earlier version, which knows the same tables."""
    code = world.folder / "earlier"
    if not code.exists():
        code.mkdir()
        archive = subprocess.run(
            ["git", "archive", str(earlier_version())], cwd=ROOT, check=True, capture_output=True
        )
        subprocess.run(["tar", "-x", "-C", str(code)], input=archive.stdout, check=True)
    name = f"earlier-{chance.randrange(10**6)}"
    earlier = world.service(name, "worker", "--name", name)
    earlier.code = code
    with beside(world, earlier) as worker:
        world.wait(lambda: "ready." in worker.log.read_text(), START_SECONDS)
        world.sleep(SHORT[0])


def lack(_world: World) -> str | None:
    """Why no earlier program can be tried here."""
    return None if earlier_version() else "no earlier commit has the tables of today"


def earlier_version() -> str | None:
    """The earliest of the last commits whose tables are those of today; None without any."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return run.stdout.strip()

    commits = git("log", "--format=%H", "-n", "60").split()
    tables = git("rev-parse", "HEAD:migrations") if commits else ""
    same = [one for one in commits[1:] if git("rev-parse", f"{one}:migrations") == tables]
    return same[-1] if same else None
