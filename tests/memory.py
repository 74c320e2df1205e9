"""How much memory processes hold, and a limit on it as a container has."""

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

GROUPS = Path("/sys/fs/cgroup/memory")


class Group:
    """A memory control group of its own, which every process that is started in it belongs to."""

    def __init__(self, limit_mb: int) -> None:
        self.folder = GROUPS / f"tagger-{uuid4().hex}"
        self.folder.mkdir()
        (self.folder / "memory.limit_in_bytes").write_text(str(limit_mb << 20))

    def add(self, pid: int) -> None:
        """Put a process into it, and all that it starts from now on."""
        (self.folder / "cgroup.procs").write_text(str(pid))

    def wrap(self, command: list[str]) -> list[str]:
        """A command that runs in it from its start."""
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', f"{self.folder}/cgroup.procs", *command]

    def remove(self) -> None:
        """Take it away, when its processes have ended."""
        with suppress(OSError):
            self.folder.rmdir()

    def kills(self) -> int:
        """How many of its processes the system has killed."""
        control = (self.folder / "memory.oom_control").read_text().split()
        return int(control[control.index("oom_kill") + 1])

    def peak_mb(self) -> float:
        """The most that was charged to it, page cache too."""
        return int((self.folder / "memory.max_usage_in_bytes").read_text()) / 2**20


def make_group(limit_mb: int) -> Group | None:
    """Return a group, or None where the system has none or this user may make none."""
    try:
        return Group(limit_mb) if limit_mb else None
    except OSError:
        return None


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found, todo = [], [pid]
    while todo:
        found.append(todo[-1])
        with suppress(OSError):
            path = Path(f"/proc/{todo[-1]}/task/{todo[-1]}/children")
            todo = [*todo[:-1], *map(int, path.read_text().split())]
            continue
        todo.pop()
    return found


def memory_mb(pid: int) -> tuple[float, float]:
    """(proportional set size, private memory) of a process, in MB."""
    sizes = dict.fromkeys(("Pss:", "Private_Clean:", "Private_Dirty:"), 0)
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, *rest = line.split()
            if name in sizes:
                sizes[name] = int(rest[0])
    return sizes["Pss:"] / 1024, (sizes["Private_Clean:"] + sizes["Private_Dirty:"]) / 1024
