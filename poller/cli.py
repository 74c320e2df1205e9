"""The poller's commands."""

import random
from collections.abc import Sequence
from typing import Annotated

import requests
import typer
from sqlalchemy import Engine

from core.console import command, fail, open_database, out, progress, read_site, start
from core.heartbeat import Watchdog, patience
from core.retry import until_reachable
from core.settings import Settings
from poller.build import make_poller
from poller.feeds.history import HistoryFeed, requests_for
from poller.service import Poller
from poller.shutdown import StoppableClock, shut_down_on_signals
from poller.sites import check_sites


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("poll")(poll)
    app.command("history")(history)


@command
def poll(
    once: Annotated[
        bool, typer.Option("--once", help="Read new and changed questions once, and end.")
    ] = False,
) -> None:
    """Fetch new unanswered questions and enqueue them for tagging, until stopped.

    It also looks for edits, looks up what has become of stored questions, and fetches each site's
    history, as far as the API's quota allows.

    Example: tagger poll --once
    """
    settings = start()
    watchdog = Watchdog("the poller", patience(settings))
    clock = StoppableClock(settings.heartbeat_file, watchdog)
    with shut_down_on_signals(clock), requests.Session() as session:
        if once:
            _poll_once(settings, open_database(settings), session, clock)
        else:
            watchdog.start()
            engine = until_reachable(lambda: open_database(settings), clock)
            poller = _make_poller(settings, engine, session, clock)
            until_reachable(lambda: _check(poller), clock)
            poller.run(clock.stopped)


@command
def history(
    site: Annotated[
        list[str] | None,
        typer.Option("--site", "-s", callback=read_site, help="Only this site; can be repeated."),
    ] = None,
) -> None:
    """Fetch the sites' past questions, the training corpus; goes on where it stopped.

    TAGGER_HISTORY_QUESTIONS says how many. It leaves new questions their share of the quota.

    Example: tagger history --site stats
    """
    settings = start()
    if site:
        settings = settings.model_copy(update={"sites": tuple(site)})
    clock = StoppableClock()
    with shut_down_on_signals(clock), requests.Session() as session:
        engine = open_database(settings)
        poller = _make_poller(settings, engine, session, clock)
        _check(poller)
        _fetch_history(poller, settings.sites, clock)


def _make_poller(
    settings: Settings, engine: Engine, session: requests.Session, clock: StoppableClock
) -> Poller:
    chance = random.Random()  # noqa: S311 (spreads pauses, guards nothing)
    return make_poller(settings, engine, session=session, clock=clock, chance=chance)


def _check(poller: Poller) -> None:
    check_sites(poller.api, poller.engine, poller.clock, poller.settings.sites)


def _poll_once(
    settings: Settings, engine: Engine, session: requests.Session, clock: StoppableClock
) -> None:
    poller = _make_poller(settings, engine, session, clock)
    _check(poller)
    trouble = poller.run_once()
    if trouble:
        fail("; ".join(trouble))


def _fetch_history(poller: Poller, sites: Sequence[str], clock: StoppableClock) -> None:
    feed = HistoryFeed(poller.api, poller.engine, clock, poller.settings)
    poller.feeds = {"history": feed}
    total = sum(feed.remaining(site) for site in sites)
    with progress("history", total) as bar:

        def ended() -> bool:
            to_go = sum(feed.remaining(site) for site in sites)
            left = poller.quota_plan().history_requests
            told = f"history: {requests_for(to_go)} requests to go, {left} allowed today"
            bar.update(bar.task_ids[0], completed=total - to_go, description=told)
            return clock.stopped() or to_go == 0 or left == 0

        poller.run(ended)
    for site in sites:
        _tell_history(feed, site)


def _tell_history(feed: HistoryFeed, site: str) -> None:
    fetched, remaining = feed.fetched(site), feed.remaining(site)
    line = f"{site}: {fetched:,} past questions fetched"
    if remaining:
        line += (
            f"; {requests_for(remaining)} requests are still to go. The rest of today's quota is "
            "kept for new questions: run tagger history again after midnight UTC. "
            "A running tagger poll also goes on with it by itself"
        )
    out.print(f"{line}.", soft_wrap=True)
