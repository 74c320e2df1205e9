"""Commands that belong to no single part: the whole service, its state, and the database."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from core.broker import embedded_redis
from core.broker.queue import TRAINING_QUEUE, can_train, make_celery
from core.clock import SystemClock
from core.console import (
    command,
    end_on_sigterm,
    fail,
    open_database,
    open_existing_database,
    out,
    start,
    with_hint,
)
from core.errors import DatabaseError, SettingsError
from core.service.health import EXIT_STATUS
from core.service.review_page import listen
from ops import database
from ops.database import merge_misnamed_sites
from ops.doctor.cli import doctor
from ops.service_state import as_json as told_as_json
from ops.service_state import ask_broker, down_as_json, read_state
from ops.status_view import show_state
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
    app.command("doctor")(doctor)
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
        if not can_train():
            del services["trainer"]
            out.print(
                "Without the trainer, whose packages are not installed here. Install them in the "
                'checkout with: pip install ".\\[trainer]"',
                soft_wrap=True,
            )
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
def status(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all of it as one JSON object, for programs.")
    ] = False,
) -> None:
    """Show what is tagged and pending, how good the live models are, feeds, queues and workers.

    The exit status is 0 where all is well; 1 where something needs a look, which is named first; 2
    where nothing is tagged, or nobody can tell: without a worker, the broker or the database.

    Example: tagger status --json
    """
    clock = SystemClock()
    try:
        settings = start()
        engine = open_existing_database(settings)
        state = read_state(engine, settings, clock, broker=ask_broker(make_celery(settings)))
    except (DatabaseError, SettingsError) as error:
        if not as_json:
            fail(with_hint(error), status=EXIT_STATUS["down"])
        _print_json(down_as_json(with_hint(error), now=clock.now()))
        raise typer.Exit(EXIT_STATUS["down"]) from None
    if as_json:
        _print_json(told_as_json(state))
    else:
        show_state(state, settings)
    raise typer.Exit(EXIT_STATUS[state.health])


def _print_json(told: object) -> None:
    text = json.dumps(told, default=_in_json, indent=2, ensure_ascii=False)
    sys.stdout.write(f"{text}\n")


def _in_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
