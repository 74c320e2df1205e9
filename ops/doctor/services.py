"""The services: one that is silent, missing, doubled, or of another version."""

from collections.abc import Iterable, Iterator
from typing import Final

from core import __version__
from core.service.signs import PartStatus
from ops.doctor.context import CheckContext
from ops.doctor.finding import Finding, Severity

SUBJECT = "services"

# What runs each kind, here and in the composition, and how bad it is that none does.
_STARTED_BY: Final[dict[str, tuple[str, str, Severity]]] = {
    "tagging": ("tagger worker", "worker", "error"),
    "training": ("tagger worker --queues training --name training", "trainer", "warning"),
    "scheduler": ("tagger scheduler", "scheduler", "error"),
    "poller": ("tagger poll", "poller", "warning"),
}


def check_services(context: CheckContext) -> Iterator[Finding]:
    """Look at the last sign of each, as it is in the database, and at who answers the broker."""
    parts = context.state().parts
    if not any(part.lives for part in parts):
        last = max((part.at for part in parts), default=None)
        since = "" if last is None else f" since {last:%Y-%m-%d %H:%M} UTC"
        fix = "Start them (make up, in the composition): tagger up"
        yield Finding(SUBJECT, "error", f"none of them runs{since}", fix)
        return
    found = [*_missing(parts), *_troubled(parts), *_doubled(parts), *_of_other_versions(parts)]
    if found:
        yield from found
        return
    names = ", ".join(part.name for part in parts if part.lives)
    yield Finding(SUBJECT, "ok", f"they run, with version {__version__}: {names}")


def _start(kind: str, last: PartStatus | None = None) -> str:
    command, service, _ = _STARTED_BY[kind]
    if last is not None and last.state == "silent":  # another beside it would do all twice
        again = f"docker-compose restart {service}, in the composition"
        return f"End what is left of it and start it again ({again}): {command}"
    return f"Start it (docker-compose up -d {service}, in the composition): {command}"


def _missing(parts: Iterable[PartStatus]) -> Iterator[Finding]:
    for kind, (_, _, severity) in _STARTED_BY.items():
        own = [part for part in parts if part.kind == kind]
        if any(part.lives for part in own):
            continue
        last = max(own, key=lambda part: part.at, default=None)
        since = "" if last is None else f" since {last.at:%Y-%m-%d %H:%M} UTC: {_why(last)}"
        yield Finding(SUBJECT, severity, f"{_called(kind)} does not run{since}", _start(kind, last))


def _called(kind: str) -> str:
    return {"tagging": "a worker", "training": "a trainer"}.get(kind, f"the {kind}")


def _why(part: PartStatus) -> str:
    return part.ended or "without a word, it was killed or hangs"


def _troubled(parts: Iterable[PartStatus]) -> Iterator[Finding]:
    """Those that wait for something, and those that fell silent while others of their kind run."""
    alive = {part.kind for part in parts if part.lives}
    for part in parts:
        if part.state == "waiting":
            seen = f"{part.name} waits for {part.waits_for}"
            fix = "What it waits for stands in this list, or in its log"
            yield Finding(SUBJECT, "error", seen, fix)
        elif part.state == "silent" and part.kind in alive:
            seen = f"{part.name} has given no sign since {part.at:%Y-%m-%d %H:%M} UTC"
            yield Finding(SUBJECT, "warning", seen, _start(part.kind, part))


def _doubled(parts: Iterable[PartStatus]) -> Iterator[Finding]:
    schedulers = [part.name for part in parts if part.kind == "scheduler" and part.lives]
    if len(schedulers) > 1:
        seen = f"{len(schedulers)} schedulers run ({', '.join(schedulers)}): all fires twice"
        yield Finding(SUBJECT, "error", seen, "Stop all but one of them")


def _of_other_versions(parts: Iterable[PartStatus]) -> Iterator[Finding]:
    for part in parts:
        if part.lives and part.version != __version__:
            seen = f"{part.name} runs version {part.version or 'of before'}, this is {__version__}"
            fix = "Install one version on all hosts (docker-compose up -d --build), and restart it"
            yield Finding(SUBJECT, "warning", seen, fix)
