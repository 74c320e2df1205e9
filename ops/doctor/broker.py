"""The broker: whether it answers, keeps what it is given, and throws nothing away."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.errors import BrokerUnreachable, ServiceFailed
from core.settings import Settings
from ops.doctor.context import CheckContext
from ops.doctor.finding import Finding, Severity, from_error

SUBJECT = "broker"

_NEARLY_FULL: Final = 0.9  # of maxmemory

_KEEP = "redis-cli config set appendonly yes, and appendonly yes in its configuration"
_EVICT_NOTHING = (
    "redis-cli config set maxmemory-policy noeviction, and the same in its configuration"
)


def check_broker(context: CheckContext) -> Iterator[Finding]:
    """Look whether it answers, and of a Redis at persistence, eviction and memory."""
    try:
        facts = context.broker()
    except (BrokerUnreachable, ServiceFailed) as error:
        yield from_error(SUBJECT, error, _fix_of_embedded(context.settings))
        return
    found = list(_of_redis(facts.info, facts.saves)) if facts.info else []
    yield from found or [Finding(SUBJECT, "ok", f"{facts.address} answers")]


def _fix_of_embedded(settings: Settings) -> str:
    """What starts the Redis that comes with the program; empty of any other broker."""
    return "Start the service, which brings it: tagger up" if settings.uses_embedded_redis else ""


def _of_redis(info: Mapping[str, Any], saves: bool | None) -> Iterator[Finding]:
    if not info["aof_enabled"] and saves is not True:
        seen = "Redis keeps nothing on its disk: messages are gone when it restarts, until a sweep"
        yield Finding(SUBJECT, "warning", seen, f"Let it write a file: {_KEEP}")
    if info["aof_enabled"] and info.get("aof_last_write_status", "ok") != "ok":
        yield _unwritten("its append-only file")
    if saves and info.get("rdb_last_bgsave_status", "ok") != "ok":
        yield _unwritten("its snapshot")
    yield from _memory_of_redis(info)


def _unwritten(what: str) -> Finding:
    return Finding(SUBJECT, "error", f"Redis could not write {what}", "Make room on its disk")


def _memory_of_redis(info: Mapping[str, Any]) -> Iterator[Finding]:
    policy, most, used = info["maxmemory_policy"], info["maxmemory"], info["used_memory"]
    if policy != "noeviction":
        severity: Severity = "error" if most else "warning"
        seen = f"Redis' eviction policy is {policy}: it drops messages where memory is short"
        yield Finding(SUBJECT, severity, seen, f"Let it drop nothing: {_EVICT_NOTHING}")
    if most and used > _NEARLY_FULL * most:
        seen = f"Redis holds {used / 1e6:,.0f} of {most / 1e6:,.0f} MB: it will refuse messages"
        yield Finding(SUBJECT, "error", seen, "Give it more: redis-cli config set maxmemory …")
