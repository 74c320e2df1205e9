"""The state of the service as a person reads it on the terminal."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from rich.table import Table

from core.agreement.drift import FoundDrift
from core.agreement.view import live_versions_table
from core.console import out, plain
from core.service.backups import backup_lines
from core.service.feeds import FeedStatus, QuotaStatus
from core.service.health import Health, memory_told
from core.service.signs import PartStatus
from core.service.status import LastTraining, SiteStatus
from core.settings import Settings
from ops.service_state import BrokerState, ServiceState

_COLOURS: Final[dict[Health, str]] = {"ok": "green", "degraded": "yellow", "down": "red"}
_TIME = "%Y-%m-%d %H:%M"


def show_state(state: ServiceState, settings: Settings) -> None:
    """Print it all: health and what is wrong first, what a person may want to know last."""
    out.print(f"Database: {state.database}", soft_wrap=True)
    out.print(f"Health: [{_COLOURS[state.health]}]{state.health}[/]", highlight=False)
    told = {trouble.what: f"- {trouble.what}" for trouble in state.troubles}
    for line in told.values():
        _print_line(line)
    out.print(sites_table(state.sites, settings, now=state.at))
    if state.agreement:
        out.print(live_versions_table(state.agreement))
    if state.feeds:
        out.print(feeds_table(state.feeds, now=state.at))
    if state.parts:
        out.print(parts_table(state.parts, now=state.at))
    for line in (
        *drift_lines(state.drifts, retrains=settings.retrain_on_drift),
        *waiting_lines(state.sites),
        *quota_lines(state.quotas),
        *skipped_lines(state.skipped),
        *backup_lines(state.backups, settings, now=state.at),
        *misnamed_lines(state.misnamed),
        *_broker_lines(state.broker),
    ):
        if line not in told:
            _print_line(line)


def _print_line(line: str) -> None:
    out.print(plain(line), soft_wrap=True, highlight=False)


def _broker_lines(broker: BrokerState) -> Iterator[str]:
    if broker.error is not None:
        return
    waiting = ", ".join(f"{queue} {length}" for queue, length in broker.queues.items())
    yield f"Messages waiting: {waiting}"
    if not broker.answering:
        yield "Running: no worker answers; start one with: tagger up"


def parts_table(parts: Iterable[PartStatus], *, now: datetime) -> Table:
    """One row a worker, scheduler and poller: its last sign, its state, its container's memory."""
    table = Table("part", "last sign", "state", "memory")
    for part in parts:
        seconds = max(0.0, (now - part.at).total_seconds())
        ago = f"{seconds:.0f} s ago" if seconds < 120 else _moment(part.at)
        state = f"waits for {part.waits_for}" if part.state == "waiting" else part.state
        if part.state == "ended" and part.ended:
            state = f"ended: {part.ended}"
        table.add_row(plain(part.name), ago, plain(state), memory_told(part))
    return table


def sites_table(sites: Iterable[SiteStatus], settings: Settings, *, now: datetime) -> Table:
    """One row a site: how far its tagging has come, and by which model."""
    table = Table("site", "questions", "tagged", "pending", "parked", "live model", "last training")
    for site in sites:
        table.add_row(
            plain(site.site),
            f"{site.questions:,}",
            f"{site.tagged:,}",
            _pending(site, now),
            f"{site.parked:,}",
            _live(site, settings),
            _training(site.last_training),
        )
    return table


def _training(run: LastTraining | None) -> str:
    if run is None:
        return "never"
    if run.outcome is None:
        return f"running since {_moment(run.started_at)}"
    return f"{run.outcome} {_moment(run.ended_at or run.started_at)}"


def waiting_lines(sites: Iterable[SiteStatus]) -> Iterator[str]:
    """One line for each site whose newest version was kept back: why."""
    for site in sites:
        if site.waiting is not None:
            yield (
                f"{site.site}, training: version {site.waiting.version} is not live: "
                f"{site.waiting.decision}. See: tagger models report --site {site.site}"
            )


def drift_lines(drifts: Iterable[FoundDrift], *, retrains: bool) -> Iterator[str]:
    """One line for each live version that drifts: how far, and what to do.

    Args:
        drifts: of the live versions.
        retrains: whether drift asks for training by itself (TAGGER_RETRAIN_ON_DRIFT).
    """
    for drift in drifts:
        advice = f"tagger train --site {drift.site}"
        remedy = "a training was requested; manually" if retrains else "train a new model"
        yield (
            f"{drift.site}, drift of model version {drift.version}, "
            f"found {drift.found_at:%Y-%m-%d %H:%M}: {drift.description} ({remedy}: {advice})"
        )


def _pending(site: SiteStatus, now: datetime) -> str:
    if site.oldest_pending is None:
        return "0"
    minutes = (now - site.oldest_pending).total_seconds() / 60
    return f"{site.pending:,} (oldest {minutes:.0f} min)"


def _live(site: SiteStatus, settings: Settings) -> str:
    if site.live is not None:
        return f"{site.live.version} ({site.live.architecture})"
    if site.waiting is not None:
        return f"none: version {site.waiting.version} was kept back"
    missing = settings.min_questions - (site.trainable or 0)
    if missing > 0:
        return f"none: trains by itself with {missing:,} more settled questions"
    return "none: the trainer makes one"


def feeds_table(feeds: Iterable[FeedStatus], *, now: datetime) -> Table:
    """One row a site and feed: how far it has come, how it last went, and what it waits for."""
    table = Table("site", "feed", "fetched", "fetched up to", "last success", "state (UTC)")
    for feed in feeds:
        table.add_row(
            plain(feed.site),
            feed.feed,
            f"{feed.fetched:,}",
            "all" if feed.complete else _moment(feed.mark),
            _moment(feed.last_success),
            plain("; ".join(_state(feed, now))) or "ok",
        )
    return table


def _state(feed: FeedStatus, now: datetime) -> Iterator[str]:
    if feed.paused_until is not None:
        yield f"waits until {_moment(feed.paused_until)} ({feed.pause_reason})"
    if feed.failures:
        yield f"failed {_moment(feed.last_error_at)}"
        if feed.retry_at is not None and feed.retry_at > now:
            yield f"next try {_moment(feed.retry_at)}"


def _moment(time: datetime | None) -> str:
    return f"{time:{_TIME}}" if time is not None else "never"


def quota_lines(quotas: Iterable[QuotaStatus]) -> Iterator[str]:
    """One line for each key of each API: what is left of the day's requests."""
    for quota in quotas:
        if quota.told_at is not None:
            yield (
                f"Quota of {quota.client}: {quota.remaining:,} of {quota.maximum:,} requests left, "
                f"as told at {_moment(quota.told_at)}"
            )


def skipped_lines(counts: dict[str, int]) -> Iterator[str]:
    """One line for each site whose answers held what cannot be read as a question."""
    for site, count in sorted(counts.items()):
        yield f"{site}: items of the API that could not be read: {count:,}; see skipped_items"


def misnamed_lines(misnamed: Mapping[str, str]) -> Iterator[str]:
    """What to do about sites that earlier versions stored under another spelling."""
    for old, new in misnamed.items():
        yield f"{old} is {new}, under a name of before: tagger db upgrade puts it right."
