"""The figures of the training runs."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.database.tables import TrainingRun
from core.questions.training_lock import is_training
from core.service.status import SiteStatus
from review.metrics.families import Sample

_OUTCOMES = ("promoted", "published", "skipped", "failed")
_SUCCESSES = ("promoted", "published")


def of_training(connection: Connection, sites: Sequence[SiteStatus]) -> Iterator[Sample]:
    """Runs by outcome, the latest of each site, and when one last made a version."""
    yield from _by_outcome(connection, [site.site for site in sites])
    yield from _latest(connection, {site.site for site in sites if not site.is_trained})
    ended = func.max(TrainingRun.ended_at, type_=TrainingRun.ended_at.type)
    rows = (
        select(TrainingRun.site, ended)
        .where(TrainingRun.outcome.in_(_SUCCESSES), TrainingRun.ended_at.is_not(None))
        .group_by(TrainingRun.site)
    )
    for site, at in connection.execute(rows):
        if at is not None:
            yield Sample("tagger_training_last_success_timestamp_seconds", (site,), at.timestamp())


def _by_outcome(connection: Connection, sites: Sequence[str]) -> Iterator[Sample]:
    rows = select(TrainingRun.site, TrainingRun.outcome, func.count()).group_by(
        TrainingRun.site, TrainingRun.outcome
    )
    counts = {(site, outcome): count for site, outcome, count in connection.execute(rows)}
    for site in sites:
        for outcome in _OUTCOMES:
            count = counts.get((site, outcome), 0)
            yield Sample("tagger_training_runs", (site, outcome), count)


def _latest(connection: Connection, untrained: Collection[str]) -> Iterator[Sample]:
    """How the latest runs get on, or ended; not how those of sites that nothing trains any more."""
    newest = select(func.max(TrainingRun.id)).group_by(TrainingRun.site)
    rows = select(TrainingRun.site, TrainingRun.outcome).where(TrainingRun.id.in_(newest))
    for site, outcome in connection.execute(rows).all():
        runs = outcome is None and is_training(connection, site)
        died = outcome is None and not runs
        yield Sample("tagger_training_running", (site,), int(runs))
        if site not in untrained:
            yield Sample("tagger_training_last_failed", (site,), int(died or outcome == "failed"))
