"""Reads the service's figures from the database: the tagging, the models, the API's feeds."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.agreement.drift import live_drifts
from core.agreement.live import daily_agreement, total_agreement
from core.database.tables import ModelVersion, Prediction
from core.service.backups import backup_status
from core.service.feeds import polled_feeds, quota_status, skipped_counts
from core.service.killed import killed_statuses
from core.service.signs import kind_of, last_signs
from core.service.status import SiteStatus, site_statuses
from core.settings import Settings
from review.metrics.families import Sample
from review.metrics.people import of_people
from review.metrics.training import of_training

DAY = timedelta(days=1)
AGREEMENT_DAYS = timedelta(days=7)
MOST_SITES = 200
MOST_CLIENTS = 10  # keys of the API, the last used first


def read_figures(connection: Connection, settings: Settings, *, now: datetime) -> list[Sample]:
    """All figures that the database holds.

    Args:
        connection: reads only.
        settings: name the sites.
        now: UTC.
    """
    sites = site_statuses(connection, settings, now=now)[:MOST_SITES]
    names = [site.site for site in sites]
    return [
        *_of_sites(sites, now),
        *_of_predictions(connection, names, now),
        *_of_agreement(connection, now),
        *_of_feeds(connection, settings, now),
        *_of_quota(connection),
        *_of_killed(connection, now),
        *_of_signs(connection, now),
        *_of_backups(connection),
        *of_training(connection, sites),
        *of_people(connection, names, now=now),
        Sample("tagger_figures_timestamp_seconds", (), now.timestamp()),
    ]


def _of_sites(sites: list[SiteStatus], now: datetime) -> Iterator[Sample]:
    for site in sites:
        label = (site.site,)
        yield Sample("tagger_questions", label, site.questions)
        yield Sample("tagger_questions_tagged", label, site.tagged)
        yield Sample("tagger_questions_pending", label, site.pending)
        yield Sample("tagger_questions_parked", label, site.parked)
        age = (now - site.oldest_pending).total_seconds() if site.oldest_pending else 0
        yield Sample("tagger_oldest_pending_age_seconds", label, max(0, age))
        yield Sample("tagger_live_version", label, site.live.version if site.live else 0)
        if site.live is not None:
            made = site.live.created_at.timestamp()
            yield Sample("tagger_live_version_created_timestamp_seconds", label, made)


def _of_backups(connection: Connection) -> Iterator[Sample]:
    status = backup_status(connection)
    if status.last_at is not None:
        yield Sample("tagger_backup_timestamp_seconds", (), status.last_at.timestamp())
        yield Sample("tagger_backup_bytes", (), status.size or 0)
    if status.last_at is not None or status.failed_at is not None:
        yield Sample("tagger_backup_failed", (), status.failed_at is not None)


def _of_predictions(connection: Connection, sites: list[str], now: datetime) -> Iterator[Sample]:
    for name, window in (("hour", timedelta(hours=1)), ("day", DAY)):
        rows = (
            select(ModelVersion.site, func.count())
            .join(Prediction, Prediction.model_version_id == ModelVersion.id)
            .where(Prediction.predicted_at > now - window)
            .group_by(ModelVersion.site)
        )
        counts = dict(connection.execute(rows).all())
        for site in sites:
            yield Sample(f"tagger_predictions_last_{name}", (site,), counts.get(site, 0))


def _of_agreement(connection: Connection, now: datetime) -> Iterator[Sample]:
    since = (now - AGREEMENT_DAYS).date()
    days = daily_agreement(connection, live_only=True)
    for site in sorted({day.site for day in days}):
        agreement = total_agreement([d for d in days if d.site == site and d.day > since])
        if agreement.questions:
            for name, value in (
                ("questions", agreement.questions),
                ("precision_at_1", agreement.precision_at_1),
                ("recall_at_5", agreement.recall_at_5),
                ("without_suggestion", agreement.share_without_suggestion),
            ):
                yield Sample(f"tagger_live_agreement_{name}", (site,), value)
    drifting = {drift.site for drift in live_drifts(connection)}
    live = select(ModelVersion.site).where(ModelVersion.live).order_by(ModelVersion.site)
    for site in connection.execute(live).scalars():
        yield Sample("tagger_drift", (site,), int(site in drifting))


def _of_feeds(connection: Connection, settings: Settings, now: datetime) -> Iterator[Sample]:
    for feed in polled_feeds(connection, settings, now=now):
        label = (feed.site, feed.feed)
        yield Sample("tagger_feed_fetched", label, feed.fetched)
        yield Sample("tagger_feed_failures", label, feed.failures)
        for name, moment in (
            ("last_success", feed.last_success),
            ("mark", feed.mark),
            ("paused_until", feed.paused_until),
        ):
            if moment is not None:
                yield Sample(f"tagger_feed_{name}_timestamp_seconds", label, moment.timestamp())


def _of_quota(connection: Connection) -> Iterator[Sample]:
    for quota in quota_status(connection)[:MOST_CLIENTS]:
        if quota.maximum is not None and quota.remaining is not None:
            yield Sample("tagger_api_quota", (quota.client,), quota.maximum)
            yield Sample("tagger_api_quota_remaining", (quota.client,), quota.remaining)
    for site, items in skipped_counts(connection).items():
        yield Sample("tagger_skipped_items", (site,), items)


def _of_killed(connection: Connection, now: datetime) -> Iterator[Sample]:
    killed = sum(status.count for status in killed_statuses(connection, now=now))
    yield Sample("tagger_killed_processes_last_day", (), killed)


def _of_signs(connection: Connection, now: datetime) -> Iterator[Sample]:
    """Of each part, the newest sign: a worker that was taken away is no reason for an alarm."""
    newest: dict[str, datetime] = {}
    for name, at in last_signs(connection).items():
        newest.setdefault(kind_of(name), at)
    for part, at in newest.items():
        yield Sample("tagger_last_sign_age_seconds", (part,), max(0, (now - at).total_seconds()))
