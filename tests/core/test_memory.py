import subprocess
import sys
from pathlib import Path

import pytest

from core.memory import give_back_freed_memory, group_memory

# Blocks below the size for which malloc maps pages of their own, every second one freed at last.
SCRIPT = """
import ctypes, sys
from pathlib import Path
from core.memory import give_back_freed_memory, group_memory

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


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {
                "memory.current": "550\n",
                "memory.max": "600\n",
                "memory.stat": "anon 500\ninactive_file 30\n",
            },
            (520, 600),
        ),
        ({"memory.current": "550\n", "memory.max": "max\n", "memory.stat": "anon 1\n"}, None),
        (
            {
                "memory/memory.usage_in_bytes": "550\n",
                "memory/memory.limit_in_bytes": "600\n",
                "memory/memory.stat": "total_inactive_file 30\n",
            },
            (520, 600),
        ),
        (
            {
                "memory/memory.usage_in_bytes": "550\n",
                "memory/memory.limit_in_bytes": "9223372036854771712\n",
                "memory/memory.stat": "total_inactive_file 30\n",
            },
            None,
        ),
        ({}, None),
    ],
    ids=["version 2", "no limit", "version 1", "no limit of version 1", "elsewhere"],
)
def test_a_containers_memory_is_what_cannot_be_dropped_of_its_limit(
    tmp_path: Path, files: dict[str, str], found: tuple[int, int] | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert group_memory(tmp_path) == found
