"""What a worker has told already: once, and not once by each of its processes."""

import mmap
from typing import Final
from zlib import crc32

_SLOTS: Final = 4096


class ToldOnce:
    """Remembers that something goes on, in memory that is shared with processes forked from here.

    told = ToldOnce()
    if told.begins("stats"):  # False until it has ended, in whichever process
        log.warning(…)
    told.ends("stats")
    """

    def __init__(self) -> None:
        self._slots = mmap.mmap(-1, _SLOTS)

    def begins(self, name: str) -> bool:
        """Note that it goes on; whether that is new. Two names in 4,096 count as one."""
        return self._set(name, 1)

    def ends(self, name: str) -> bool:
        """Note that it does not; whether that is new."""
        return self._set(name, 0)

    def _set(self, name: str, value: int) -> bool:
        slot = crc32(name.encode()) % _SLOTS
        is_new = self._slots[slot] != value
        self._slots[slot] = value
        return is_new
