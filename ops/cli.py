"""Commands that belong to no single part: the whole service, its state, and the database."""

from collections.abc import Sequence
from typing import Annotated

import typer

from core.broker import embedded_redis
from core.broker.names import TRAINING_QUEUE
from core.broker.queue import can_train, make_celery
from core.clock import SystemClock
from core.console import (
    command,
    end_on_sigterm,
    fail,
    json_option,
    open_database,
    open_existing_database,
    out,
    print_json,
    start,
    with_hint,
)
from core.errors import DatabaseError, SettingsError
from core.service.health import EXIT_STATUS
from core.service.review_page import listen
from core.settings import Settings
from ops import database
from ops.database import merge_misnamed_sites
from ops.doctor.cli import doctor
from ops.service_state import ask_broker, down_as_json, read_state, state_as_json
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
        if not can_train():
            out.print(
                "Without the trainer, whose packages are not installed here. Install them in the "
                'checkout with: pip install ".\\[trainer]"',
                soft_wrap=True,
            )
        if settings.uses_embedded_redis:
            embedded_redis.shut_down(settings.data_dir)  # of a service that was killed
            with embedded_redis.running(settings.data_dir):
                pass  # it can: or it would be tried for ever
        with Supervisor(_services(settings)) as supervisor:
            out.print(
                f"Question Tagger runs for {', '.join(settings.sites)}. In another terminal: "
                "tagger status, tagger results. Ctrl-C stops it.",
                soft_wrap=True,
            )
            supervisor.run()


def _services(settings: Settings) -> dict[str, Sequence[str]]:
    """The commands of this machine's services, by name, in the order in which they start."""
    redis: dict[str, Sequence[str]] = {}
    if settings.uses_embedded_redis:
        redis["redis"] = embedded_redis.server_command(settings.data_dir)
    left_out = set() if can_train() else {"trainer"}
    return redis | {name: SERVICES[name] for name in SERVICES if name not in left_out}


@command
def status(*, as_json: Annotated[bool, json_option()] = False) -> None:
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
        print_json(down_as_json(with_hint(error), now=clock.now()))
        raise typer.Exit(EXIT_STATUS["down"]) from None
    if as_json:
        print_json(state_as_json(state))
    else:
        show_state(state, settings)
    raise typer.Exit(EXIT_STATUS[state.health])
