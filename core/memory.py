"""Memory that a process has freed, given back to the system."""

import ctypes
from functools import cache
from typing import Any


def give_back_freed_memory() -> None:
    """Hand the C library's free memory back, which it otherwise keeps in pieces for later use.

    After three reloads of a network of 61 MB a process held 115 MB of its own instead of 100
    (glibc 2.36). Does nothing where the C library has no malloc_trim(), as musl.
    """
    trim = _find_trim()
    if trim is not None:
        trim(0)


@cache
def _find_trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
