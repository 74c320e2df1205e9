"""The poller's commands."""

import random
import socket
from typing import Annotated

import requests
import typer
from sqlalchemy import Engine

from core.clock import SystemClock
from core.console import (
    any_site_option,
    command,
    fail,
    json_option,
    open_database,
    out,
    plain,
    print_json,
    start,
)
from core.errors import TaggerError
from core.parts.heartbeat import Watchdog, patience
from core.parts.retry import until_reachable
from core.parts.signs import TOLD_TO_STOP, Signs, last_words
from core.settings import Settings
from core.wording import counted
from poller.build import make_poller
from poller.commands.found import Found
from poller.commands.history import check_named, fetch_history
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
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --once, print JSON, for programs.")
    ] = False,
) -> None:
    """Fetch new unanswered questions and enqueue them for tagging, until stopped.

    It also looks for edits, looks up what has become of stored questions, and fetches each site's
    history, as far as the API's quota allows.

    Example: tagger poll --once
    """
    if as_json and not once:
        raise typer.BadParameter(
            "add --once: it tells what was read, once it has been", param_hint="--json"
        )
    settings = start("poller")
    if once:
        clock = StoppableClock(settings.heartbeat_file)
        with shut_down_on_signals(clock), requests.Session() as session:
            found = Found()
            engine = open_database(settings)
            trouble = _poll_once(_make_poller(settings, engine, session, clock), found)
        _tell_found(found, trouble, as_json=as_json)
    else:
        _poll_until_stopped(settings)


def _poll_until_stopped(settings: Settings) -> None:
    signs = Signs(settings, f"poller@{socket.gethostname()}", SystemClock())
    watchdog = Watchdog("the poller", patience(settings), end=last_words(signs))
    clock = StoppableClock(settings.heartbeat_file, watchdog)
    try:
        with shut_down_on_signals(clock), requests.Session() as session:
            # Unwatched: to upgrade the tables of millions of questions may take longer.
            engine = until_reachable(lambda: open_database(settings), clock)
            signs.begin()
            clock.on_beat = signs.give
            poller = _make_poller(settings, engine, session, clock)
            with watchdog:
                until_reachable(lambda: _check(poller), clock)
                poller.run(clock.stopped)
    except TaggerError as error:
        signs.end(str(error))
        raise
    signs.end(TOLD_TO_STOP)


@command
def history(
    site: Annotated[list[str] | None, any_site_option("Only this site; can be repeated.")] = None,
    *,
    as_json: Annotated[bool, json_option()] = False,
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
        poller = _make_poller(settings, open_database(settings), session, clock)
        check_named(poller, settings.sites)
        feed = fetch_history(poller, settings.sites, clock.stopped)
        if as_json:
            told = {one: (feed.fetched(one), feed.remaining(one)) for one in settings.sites}
            print_json(
                [{"site": one, "fetched": read, "remaining": n} for one, (read, n) in told.items()]
            )
            return
        for one in settings.sites:
            _tell_history(feed, one)


def _make_poller(
    settings: Settings, engine: Engine, session: requests.Session, clock: StoppableClock
) -> Poller:
    chance = random.Random()  # noqa: S311 (spreads pauses, guards nothing)
    return make_poller(settings, engine, session=session, clock=clock, chance=chance)


def _check(poller: Poller) -> None:
    check_sites(poller.api, poller.engine, poller.clock, poller.settings.sites)


def _poll_once(poller: Poller, found: Found) -> list[str]:
    """Read the feeds once; return what went wrong."""
    _check(poller)
    poller.on_step = found
    return poller.run_once()


def _tell_found(found: Found, trouble: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"sites": found.counts(), "trouble": trouble})
    else:
        for line in found.lines():
            out.print(plain(line), highlight=False, soft_wrap=True)
    if trouble:
        fail("; ".join(trouble))


def _tell_history(feed: HistoryFeed, site: str) -> None:
    fetched, remaining = feed.fetched(site), feed.remaining(site)
    line = f"{site}: {counted(fetched, 'past question')} fetched"
    if remaining:
        line += (
            f"; still to go: {counted(requests_for(remaining), 'request')}. The rest of "
            "today's quota is kept for new questions: run tagger history again after midnight UTC. "
            "A running tagger poll also goes on with it by itself"
        )
    out.print(f"{line}.", soft_wrap=True)
