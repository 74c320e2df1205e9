"""The worker's commands."""

import gc
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from core.broker.names import TAGGING_QUEUE, TRAINING_QUEUE
from core.console import (
    command,
    err,
    fail,
    json_option,
    one_site_option,
    open_existing_database,
    out,
    plain,
    print_json,
    since_option,
    start,
    stored_site_option,
    with_hint,
)
from core.database.clock import DatabaseClock
from core.database.engine import reading
from core.errors import BrokerUnreachable
from core.memory import import_numpy

if TYPE_CHECKING:
    from rich.table import Table

    from core.model.predictor import RankedTag

Site = Annotated[str, one_site_option("The site, by the API's name.")]
AsJson = Annotated[bool, json_option()]
AnySite = Annotated[str | None, stored_site_option("Only this site.")]


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("worker")(worker)
    app.command("scheduler")(scheduler)
    app.command("tag")(tag)
    app.command("suggest")(suggest)
    group = typer.Typer(help="Questions that could not be tagged.", no_args_is_help=True)
    group.command("list")(list_parked)
    group.command("release")(release_parked)
    app.add_typer(group, name="parked")


@command
def worker(
    queues: Annotated[
        str, typer.Option(help=f"{TAGGING_QUEUE}, {TRAINING_QUEUE}, or both with a comma.")
    ] = TAGGING_QUEUE,
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help="Number of processes.", show_default="TAGGER_WORKER_PROCESSES"),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the worker, for celery inspect ping.")
    ] = None,
) -> None:
    """Tag what the queue brings, or train, until stopped. Needs the broker and the database only.

    Example: tagger worker --concurrency 4
    """
    chosen = [queue.strip() for queue in queues.split(",") if queue.strip()]
    if not chosen or set(chosen) - {TAGGING_QUEUE, TRAINING_QUEUE}:
        raise typer.BadParameter(
            f"{queues!r} names no queues: there are {TAGGING_QUEUE} and {TRAINING_QUEUE}",
            param_hint="--queues",
        )
    settings = start("trainer" if TRAINING_QUEUE in chosen else "worker")
    if TAGGING_QUEUE in chosen:
        from worker.loading.prefetch import start_prefetch  # noqa: PLC0415

        start_prefetch(settings)
    gc.disable()  # a sixth of the time that loading takes
    try:
        if TAGGING_QUEUE in chosen:
            import_numpy()
        from core.broker.queue import can_train  # noqa: PLC0415 (Celery: meanwhile)
        from worker.service import run_worker  # noqa: PLC0415
    finally:
        gc.freeze()  # or what has been loaded is looked at once before it is shared with children
        gc.enable()
    if TRAINING_QUEUE in chosen and not can_train():
        fail(
            f"The queue {TRAINING_QUEUE} takes packages that are not installed here (tensorflow). "
            'Install them in the checkout with: pip install ".[trainer]". With docker-compose, '
            "the service trainer has them."
        )
    processes = concurrency or settings.worker_processes
    raise typer.Exit(run_worker(settings, queues=chosen, processes=processes, name=name))


@command
def scheduler() -> None:
    """Fire what happens by itself: the sweep for pending questions, and training. Run only one.

    Example: tagger scheduler
    """
    from worker.schedule import run_scheduler  # noqa: PLC0415 (Celery)

    run_scheduler(start("scheduler"))


@command
def tag(
    site: Site,
    since: Annotated[
        datetime | None, since_option("Only questions created since this time")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that the live model has tagged already.")
    ] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask for a site's stored questions to be tagged by its live model.

    Example: tagger tag --site stats --since 2026-01-01
    """
    from core.broker.feeding import refill  # noqa: PLC0415 (Celery, as in all commands here)
    from core.broker.queue import make_celery  # noqa: PLC0415
    from core.model import registry  # noqa: PLC0415
    from core.questions.requests import request_tagging  # noqa: PLC0415

    settings = start()
    engine = open_existing_database(settings)
    clock = DatabaseClock(engine)
    now = clock.now()
    with engine.begin() as connection:
        registry.get_live(connection, site)
        count = request_tagging(
            connection,
            site=site,
            now=now,
            since=since,
            untagged_only=not everything,
        )
    if as_json:
        print_json({"site": site, "pending": count})
    else:
        out.print(f"Questions of {plain(site)} that are pending now: {count:,}.")
    try:
        refill(engine, make_celery(settings), settings, clock)
    except BrokerUnreachable as error:
        (err if as_json else out).print(plain(with_hint(error)), soft_wrap=True)


@command
def suggest(
    text: Annotated[str, typer.Argument(help="Text of a question: its title, or title and body.")],
    site: Annotated[str, one_site_option("Site whose live model is used.")],
    body: Annotated[str, typer.Option(help="The question's body, HTML or plain.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show tags for one text, at once, but none that is blocked at the site.

    Example: tagger suggest "How do I test whether two means differ?"
    """
    from core.model import registry  # noqa: PLC0415 (LiteRT's arrays)
    from core.model.bundle_cache import open_cache  # noqa: PLC0415
    from core.model.fetching import fetch_from  # noqa: PLC0415
    from core.model.predictor import Model  # noqa: PLC0415
    from core.model.sentences.encoders import Encoders  # noqa: PLC0415
    from core.questions.suggested import read_blocked_tags  # noqa: PLC0415
    from core.questions.tags.synonyms import read_replaced  # noqa: PLC0415

    if not text.strip() and not body.strip():
        fail('The text is empty: give a question\'s title, as: "How do I test two means?"')
    settings = start()
    engine = open_existing_database(settings)
    with reading(engine) as connection:
        live = registry.get_live(connection, site)
        blocked = read_blocked_tags(connection, site)
        synonyms = read_replaced(connection, site)
    with open_cache(settings).open(live, fetch_from(engine)) as bundle:
        model = Model(bundle, encoders=Encoders(settings.teacher))
    probabilities = model.probabilities([model.words(text, body)])
    (ranked,) = model.rank(probabilities, excluded=blocked, synonyms=synonyms)
    if as_json:
        print_json(
            {
                "site": site,
                "model_version": live.version,
                "tags": [item._asdict() for item in ranked],
            }
        )
        return
    out.print(_suggestions(ranked, title=f"{plain(site)}, model version {live.version}"))


def _suggestions(ranked: Iterable["RankedTag"], *, title: str) -> "Table":
    from rich.table import Table  # noqa: PLC0415 (no worker shows one)

    table = Table(title=title, title_justify="left")
    table.add_column("tag")
    table.add_column("probability", justify="right")
    table.add_column("suggested")
    for item in ranked:
        table.add_row(plain(item.tag), f"{item.probability:.3f}", "yes" if item.suggested else "")
    return table


@command
def list_parked(site: AnySite = None, *, as_json: AsJson = False) -> None:
    """List the questions that could not be tagged, and why.

    Example: tagger parked list
    """
    from rich.table import Table  # noqa: PLC0415

    from core.questions import lifecycle  # noqa: PLC0415

    engine = open_existing_database(start())
    with reading(engine) as connection:
        questions = lifecycle.list_parked(connection, site)
    if as_json:
        print_json([asdict(question) for question in questions])
        return
    if not questions:
        out.print("No question is parked.")
        return
    table = Table("site", "question", "title", "attempts", "parked (UTC)", "error")
    for question in questions:
        table.add_row(
            plain(question.site),
            str(question.question_id),
            plain(question.title),
            str(question.attempts),
            f"{question.parked_at:%Y-%m-%d %H:%M}",
            plain(question.error),
        )
    out.print(table)


@command
def release_parked(
    site: AnySite = None,
    question_id: Annotated[
        int | None, typer.Option("--question", help="Only the question of this number on its site.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let parked questions try again; the scheduler's sweep enqueues them.

    Example: tagger parked release --site stats
    """
    if question_id is not None and site is None:
        raise typer.BadParameter("add --site: numbers are each site's own", param_hint="--question")
    from core.questions import lifecycle  # noqa: PLC0415

    engine = open_existing_database(start())
    with engine.begin() as connection:
        count = lifecycle.release(connection, site, question_id)
    if question_id is not None and not count:
        fail(f"No question {question_id} of {site} is parked; see: tagger parked list")
    if as_json:
        print_json({"released": count})
    else:
        out.print(f"Questions that are released: {count:,}.")
