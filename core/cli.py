"""Commands that belong to no single part: the whole service, its state, and the database."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime

import typer
from celery import Celery
from rich.markup import escape
from rich.table import Table

from core import embedded_redis
from core.clock import SystemClock
from core.console import command, end_on_sigterm, open_database, out, start
from core.database import database_errors, reading
from core.errors import BrokerUnreachable
from core.queue import TRAINING_QUEUE, make_celery
from core.settings import Settings
from core.status import SiteStatus, queue_lengths, running_workers, site_statuses
from core.supervisor import Supervisor

SERVICES: dict[str, Sequence[str]] = {
    "worker": ["worker", "--name", "tagging"],
    "trainer": ["worker", "--queues", TRAINING_QUEUE, "--name", "training"],
    "scheduler": ["scheduler"],
    "poller": ["poll"],
}


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("up")(up)
    app.command("status")(status)
    database = typer.Typer(help="The database's tables.", no_args_is_help=True)
    database.command("upgrade")(upgrade_database)
    app.add_typer(database, name="db")


@command
def up() -> None:
    """Run the whole service on this machine: Redis, poller, worker, trainer, scheduler.

    Stops with Ctrl-C; what was not finished goes on at the next start.

    Example: TAGGER_SITES=stats,cooking tagger up
    """
    settings = start()
    end_on_sigterm()
    open_database(settings).dispose()
    with ExitStack() as stack:
        if settings.uses_embedded_redis:
            stack.enter_context(embedded_redis.running(settings.data_dir))
        supervisor = stack.enter_context(Supervisor(SERVICES))
        out.print(
            f"Question Tagger runs for {', '.join(settings.sites)}. In another terminal: "
            "tagger status, tagger results. Ctrl-C stops it.",
            soft_wrap=True,
        )
        supervisor.run()


@command
def status() -> None:
    """Show what is stored, tagged, pending and parked, the live models, queues and workers.

    Example: tagger status
    """
    settings = start()
    engine = open_database(settings)
    with database_errors(engine), reading(engine) as connection:
        sites = site_statuses(connection, settings.sites)
    out.print(f"Database: {engine.url.render_as_string(hide_password=True)}", soft_wrap=True)
    out.print(_sites_table(sites, settings))
    _print_broker(make_celery(settings))


def _sites_table(sites: list[SiteStatus], settings: Settings) -> Table:
    table = Table("site", "questions", "tagged", "pending", "parked", "live model", "last training")
    now = SystemClock().now()
    for site in sites:
        table.add_row(
            escape(site.site),
            f"{site.questions:,}",
            f"{site.tagged:,}",
            _pending(site, now),
            str(site.parked),
            _live(site, settings),
            escape(site.last_training or "never"),
        )
    return table


def _pending(site: SiteStatus, now: datetime) -> str:
    if site.oldest_pending is None:
        return "0"
    minutes = (now - site.oldest_pending).total_seconds() / 60
    return f"{site.pending:,} (oldest {minutes:.0f} min)"


def _live(site: SiteStatus, settings: Settings) -> str:
    if site.live is not None:
        return f"{site.live.version} ({site.live.architecture})"
    missing = settings.min_questions - site.questions
    if missing > 0:
        return f"none: trains by itself with {missing:,} more questions"
    return "none: the trainer makes one"


def _print_broker(app: Celery) -> None:
    try:
        lengths = queue_lengths(app)
        workers = running_workers(app)
    except BrokerUnreachable as error:
        out.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        return
    waiting = ", ".join(f"{queue} {length}" for queue, length in lengths.items())
    out.print(f"Messages waiting: {waiting}")
    out.print(f"Running: {', '.join(workers) or 'no worker answers; start one with: tagger up'}")


@command
def upgrade_database() -> None:
    """Bring the database's tables up to date; services also do it when they start.

    Example: tagger db upgrade
    """
    engine = open_database(start())
    address = engine.url.render_as_string(hide_password=True)
    out.print(f"The tables of {address} are up to date.", soft_wrap=True)
