"""Processes that end with the one that started them, even where that one is killed.

The parent keeps a pipe to the child's standard input. The system closes it when the parent is
gone, whatever ended it; the child reads the end of the file and ends itself as SIGTERM would.
A process that is forked, and may be killed at any moment, has the system do it.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Final

_VARIABLE: Final = "QUESTION_TAGGER_LEASH"
_SIGNAL_AT_PARENTS_DEATH: Final = 1  # PR_SET_PDEATHSIG: man 2 prctl


def leashed(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child whose standard input is a pipe that the parent keeps."""
    return {**environment, _VARIABLE: "1"}


def end(process: "subprocess.Popen[bytes]", *, seconds: float) -> None:
    """Tell a child to end, and wait for what it still has to write; kill it where that lasts."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()


def follow() -> bool:
    """End this process with its parent, if it was started with leashed(); say whether it was."""
    if os.environ.pop(_VARIABLE, None) is None:  # not for this process' own children
        return False
    threading.Thread(target=_end_with_parent, daemon=True, name="leash").start()
    return True


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:  # inherited from who ignored it
        os._exit(128 + signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)


def die_with(parent: int) -> None:
    """Have the system kill this process, forked by that one's main thread, as soon as it is gone.

    On Linux; elsewhere the process lives on.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SIGNAL_AT_PARENTS_DEATH, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before it was asked for
            os._exit(128 + signal.SIGKILL)


def let_go_of_streams() -> None:
    """Leave standard input, output and error to the parent, whose readers wait for their end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    if nothing > 2:
        os.close(nothing)
