"""Commands that belong to no single part: the whole service, its state, and the database."""

from collections.abc import Sequence

import typer
from celery import Celery

from core.agreement.drift import live_drifts
from core.agreement.live import daily_agreement
from core.agreement.view import live_versions_table
from core.broker import embedded_redis
from core.broker.queue import TRAINING_QUEUE, make_celery
from core.clock import SystemClock
from core.console import (
    command,
    end_on_sigterm,
    open_database,
    open_existing_database,
    out,
    plain,
    start,
    with_hint,
)
from core.database.engine import reading
from core.errors import BrokerUnreachable
from core.review_page import listen
from core.service.backups import backup_lines, backup_status
from core.service.feeds import feed_status, quota_status, skipped_counts
from core.service.killed import killed_lines, killed_statuses
from core.service.status import queue_lengths, running_workers, site_statuses
from ops import database
from ops.database import merge_misnamed_sites
from ops.site_merge import misnamed_sites
from ops.status_view import (
    drift_lines,
    failure_lines,
    feeds_table,
    misnamed_lines,
    quota_lines,
    sites_table,
    skipped_lines,
)
from ops.supervisor import Supervisor, alone, tagger

SERVICES: dict[str, Sequence[str]] = {
    "worker": tagger("worker", "--name", "tagging"),
    "trainer": tagger("worker", "--queues", TRAINING_QUEUE, "--name", "training"),
    "scheduler": tagger("scheduler"),
    "poller": tagger("poll"),
    "review": tagger("review"),
}


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("up")(up)
    app.command("status")(status)
    database.add_commands(app)


@command
def up() -> None:
    """Run the whole service on this machine: Redis, poller, worker, trainer, scheduler, page.

    The review page's first line is the link that logs in.

    Stops with Ctrl-C; what was not finished goes on at the next start.

    Example: TAGGER_SITES=stats,cooking tagger up
    """
    settings = start()
    end_on_sigterm()
    engine = open_database(settings)
    merge_misnamed_sites(engine)
    engine.dispose()
    with alone(settings.data_dir):
        listen(settings).close()  # a port that is taken ends it here, not after its sixth try
        services = dict(SERVICES)
        if settings.uses_embedded_redis:
            embedded_redis.shut_down(settings.data_dir)  # of a service that was killed
            services = {"redis": embedded_redis.server_command(settings.data_dir), **services}
        with Supervisor(services) as supervisor:
            out.print(
                f"Question Tagger runs for {', '.join(settings.sites)}. In another terminal: "
                "tagger status, tagger results. Ctrl-C stops it.",
                soft_wrap=True,
            )
            supervisor.run()


@command
def status() -> None:
    """Show what is tagged and pending, how good the live models are, feeds, queues and workers.

    Example: tagger status
    """
    settings = start()
    engine = open_existing_database(settings)
    now = SystemClock().now()
    with reading(engine) as connection:
        sites = site_statuses(connection, settings, now=now)
        feeds = feed_status(connection, polled=settings.feed, now=now)
        quotas, skipped = quota_status(connection), skipped_counts(connection)
        agreement, drifts = daily_agreement(connection, live_only=True), live_drifts(connection)
        backups = backup_status(connection)
        killed, misnamed = killed_statuses(connection, now=now), misnamed_sites(connection)
    out.print(f"Database: {engine.url.render_as_string(hide_password=True)}", soft_wrap=True)
    out.print(sites_table(sites, settings, now=now))
    if agreement:
        out.print(live_versions_table(agreement))
    if feeds:
        out.print(feeds_table(feeds, now=now))
    for line in (
        *drift_lines(drifts, retrains=settings.retrain_on_drift),
        *failure_lines(sites, feeds),
        *quota_lines(quotas),
        *skipped_lines(skipped),
        *killed_lines(killed),
        *backup_lines(backups, settings, now=now),
        *misnamed_lines(misnamed),
    ):
        out.print(plain(line), soft_wrap=True, highlight=False)
    _print_broker(make_celery(settings))


def _print_broker(app: Celery) -> None:
    try:
        lengths = queue_lengths(app)
        workers = running_workers(app)
    except BrokerUnreachable as error:
        out.print(f"[red]{plain(with_hint(error))}[/red]", soft_wrap=True)
        return
    waiting = ", ".join(f"{queue} {length}" for queue, length in lengths.items())
    out.print(f"Messages waiting: {waiting}")
    out.print(f"Running: {', '.join(workers) or 'no worker answers; start one with: tagger up'}")
