"""Processes that end with the one that started them, even where that one is killed.

The parent keeps a pipe to the child's standard input. The system closes it when the parent is
gone, whatever ended it; the child reads the end of the file and ends itself as SIGTERM would.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Final

_VARIABLE: Final = "QUESTION_TAGGER_LEASH"


def leashed(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child whose standard input is a pipe that the parent keeps."""
    return {**environment, _VARIABLE: "1"}


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
