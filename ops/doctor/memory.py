"""Memory: what the live models need of workers, and what these may take."""

from collections.abc import Iterator
from typing import Final

from core.errors import TeacherUnusable
from core.model.sentences.encoders import ARCHITECTURE
from core.model.sentences.files import find_encoder
from core.service.killed import killed_lines
from ops.doctor.context import CheckContext
from ops.doctor.finding import Finding

SUBJECT = "memory"

# Of a bundle's bytes, those of the network for workers; the rest is that for people.
_NETWORK_SHARE: Final = 0.57

# Measured with a network of 61 MB and two processes (docs/architecture.md, the worker's memory): a
# worker without a model, each of its processes, and what each adds of its own for a network.
_PARENT_BYTES: Final = 91_000_000
_PROCESS_BYTES: Final = 14_000_000
_OWN_SHARE: Final = 0.77
_RELOAD_SHARE: Final = 0.75  # for a moment, of the network that is loaded in place of another

# Beside its weights, of each process that encodes; measured with 23 MB of them (docs/teacher.md).
_ENCODER_BYTES: Final = 157_000_000


def check_memory(context: CheckContext) -> Iterator[Finding]:
    """Compare the limits of workers' containers with what the largest live model needs."""
    state, processes = context.state(), context.settings.worker_processes
    sizes = [site.live.size for site in state.sites if site.live is not None]
    need = worker_memory(max(sizes, default=0), processes, encoder_bytes=_encoder_bytes(context))
    workers = [part for part in state.parts if part.kind == "tagging" and part.lives]
    wrong = [
        *killed_lines(state.killed),
        *(
            f"{part.name} may take {part.memory_limit / 1e6:,.0f} MB; {processes} processes with "
            f"the largest live model need about {need / 1e6:,.0f}"
            for part in workers
            if part.memory_limit and part.memory_limit < need
        ),
    ]
    for seen in wrong:
        yield Finding(SUBJECT, "error", seen, _fix(need))
    if not wrong:
        seen = f"a worker needs about {need / 1e6:,.0f} MB, and none has less"
        yield Finding(SUBJECT, "ok", seen)


def _fix(need: int) -> str:
    megabytes = -(-need * 6 // 5 // 10_000_000) * 10  # a fifth more, in tens
    return (
        f"Set WORKER_MEMORY={megabytes}m in .env, or fewer TAGGER_WORKER_PROCESSES, then: "
        "docker-compose up -d worker"
    )


def _encoder_bytes(context: CheckContext) -> int:
    """What a process holds of the sentence encoder; 0 where no live model reads one."""
    named = context.settings.teacher
    live = [site.live for site in context.state().sites if site.live is not None]
    if named is None or not any(version.architecture == ARCHITECTURE for version in live):
        return 0
    try:
        return _ENCODER_BYTES + find_encoder(named).size
    except (TeacherUnusable, OSError):  # which the check of models tells
        return 0


def worker_memory(bundle_bytes: int, processes: int, *, encoder_bytes: int = 0) -> int:
    """Return about how many bytes a worker holds at most, with its processes and a hot reload.

    All of a machine's processes share the network's file; what each computes with is its own.

    Args:
        bundle_bytes: of the largest live bundle.
        processes: of the worker.
        encoder_bytes: what each process holds of a sentence encoder.
    """
    network = _NETWORK_SHARE * bundle_bytes
    of_model = network * (1 + _RELOAD_SHARE + _OWN_SHARE * processes)
    return round(_PARENT_BYTES + processes * (_PROCESS_BYTES + encoder_bytes) + of_model)
