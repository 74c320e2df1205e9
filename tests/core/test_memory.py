import subprocess
import sys

import pytest

from core.memory import give_back_freed_memory

# Blocks below the size for which malloc maps pages of their own, every second one freed at last.
SCRIPT = """
import ctypes, sys
from pathlib import Path
from core.memory import give_back_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

blocks = [libc.malloc(100_000) for _ in range(1000)]
for block in blocks:
    ctypes.memset(block, 1, 100_000)
kept = libc.malloc(100_000)
ctypes.memset(kept, 1, 100_000)
for block in blocks:
    libc.free(block)
before = resident()
give_back_freed_memory()
print(before - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_memory_goes_back_to_the_system() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 50_000_000


def test_it_may_be_called_at_any_time() -> None:
    give_back_freed_memory()
