"""A worker that halts in a named phase of a batch, as under a debugger, until it is let go on.

    python -m tests.chaos.phases FOLDER worker --name three

It is the program itself. Where the folder holds a file `halt-PHASE`, the process that comes to this
phase takes it away, leaves `halted-PHASE`, and waits until that is gone.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from worker import tagging

LOOK_SECONDS: Final = 0.02
LONGEST_SECONDS: Final = 20.0  # a halt that nobody ends

# What halts, and whether before it begins or after it has returned.
#
# claimed: the claim is committed, and nothing has been read.
# predicting: the network is at work: its thread has begun.
# writing: the requests are ended and no prediction is written, within one transaction.
# committed: all is written, and the task is still the broker's.
PHASES: Final = ("claimed", "predicting", "writing", "committed")


def halt_file(folder: Path, phase: str) -> Path:
    """What has the next process halt that comes to a phase."""
    return folder / f"halt-{phase}"


def halted_file(folder: Path, phase: str) -> Path:
    """What tells that one has; it goes on when this is deleted."""
    return folder / f"halted-{phase}"


def _halt(folder: Path, phase: str) -> None:
    """Halt, if this process is the one that is to."""
    try:
        halt_file(folder, phase).rename(halted_file(folder, phase))
    except FileNotFoundError:
        return
    end = time.monotonic() + LONGEST_SECONDS
    while halted_file(folder, phase).exists() and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    halted_file(folder, phase).unlink(missing_ok=True)


def _before(call: Callable[..., Any], folder: Path, phase: str) -> Callable[..., Any]:
    def halting(*arguments: Any, **named: Any) -> Any:
        _halt(folder, phase)
        return call(*arguments, **named)

    return halting


def _after(call: Callable[..., Any], folder: Path, phase: str) -> Callable[..., Any]:
    def halting(*arguments: Any, **named: Any) -> Any:
        result = call(*arguments, **named)
        _halt(folder, phase)
        return result

    return halting


def set_halts(folder: Path) -> None:
    """Have this process, and those that it forks, halt where they are told to."""

    def encode(*arguments: Any) -> Callable[..., Any]:
        return _before(encode_at_once(*arguments), folder, "predicting")

    here = vars(tagging)
    encode_at_once = here["_encode"]
    here |= {
        "read": _before(here["read"], folder, "claimed"),
        "_encode": encode,
        "write_predictions": _before(here["write_predictions"], folder, "writing"),
        "_write": _after(here["_write"], folder, "committed"),
    }


def main() -> None:
    """Run a command of the program with halts in it."""
    set_halts(Path(sys.argv.pop(1)))
    import tagger

    with suppress(KeyboardInterrupt):
        tagger.main()


if __name__ == "__main__":
    main()
