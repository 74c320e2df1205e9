"""Making a version live, by a person's word: it is tried first, then the pointer moves.

went = promote_tried(engine, settings, clock, "stats", 3)
print(went.version.version, went.asked_again)
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from core.clock import Clock
from core.database.engine import reading
from core.errors import LiveVersionMoved
from core.model import registry
from core.model.bundle_cache import open_cache
from core.model.fetching import fetch_from
from core.model.predictor import Model
from core.model.registry import Version
from core.model.sentences.encoders import Encoders
from core.questions.requests import retag
from core.settings import Retag, Settings


@dataclass(frozen=True, slots=True)
class WentLive:
    """What became of it.

    Attributes:
        version: the live one, as it was before.
        before: the one that was live, if there was one.
        asked_again: how many questions are to be tagged again.
    """

    version: Version
    before: Version | None
    asked_again: int


@dataclass(frozen=True, slots=True)
class _Move:
    """Which version is to go live, and how the pointer moves; both may raise ModelError."""

    find: Callable[[Connection], Version]
    apply: Callable[[Connection, datetime], Version]


def promote_tried(
    engine: Engine,
    settings: Settings,
    clock: Clock,
    site: str,
    version: int,
    *,
    which: Retag | None = None,
) -> WentLive:
    """Try a version and make it its site's live one.

    Args:
        engine: the database's.
        settings: where models are cached, and what is tagged again.
        clock: tells when.
        site: whose version.
        version: its number.
        which: tagged questions it tags again; the setting where it is None.

    Raises:
        ModelError: there is no such version, it does not verify, or another one went live while
            it was tried (LiveVersionMoved). Nothing is changed.
    """
    move = _Move(
        lambda connection: registry.get_version(connection, site, version),
        lambda connection, now: registry.promote(connection, site, version, now=now, reason="hand"),
    )
    return _go_live(engine, settings, clock, move, which)


def roll_back_tried(
    engine: Engine,
    settings: Settings,
    clock: Clock,
    site: str,
    *,
    which: Retag | None = None,
    to: int | None = None,
) -> WentLive:
    """Try the version that was live before and make it live again, as promote_tried() does.

    Args:
        engine: as there.
        settings: as there.
        clock: as there.
        site: whose versions.
        which: as there.
        to: number of the version that whoever asks has seen as that one; any where it is None.

    Raises:
        ModelError: as there; or there is none to go back to, or another than `to`
            (LiveVersionMoved).
    """

    def find(connection: Connection) -> Version:
        previous = registry.get_previous(connection, site)
        if to not in (None, previous.version):
            raise LiveVersionMoved(
                f"A rollback of {site} goes back to version {previous.version} by now, not to "
                f"version {to}: nothing is changed. Look which one is live, then decide again."
            )
        return previous

    move = _Move(find, lambda connection, now: registry.rollback(connection, site, now=now))
    return _go_live(engine, settings, clock, move, which)


def _go_live(
    engine: Engine, settings: Settings, clock: Clock, move: _Move, which: Retag | None
) -> WentLive:
    """Try a version, make it live, and ask for tagging again, the last two in one transaction."""
    with reading(engine) as connection:
        chosen = move.find(connection)
        before = registry.find_live(connection, chosen.site)
    with open_cache(settings).open(chosen, fetch_from(engine), fresh=True) as bundle:
        # It takes seconds, in which no transaction keeps others waiting.
        Model(bundle, encoders=Encoders(settings.teacher))
    with engine.begin() as connection:
        registry.lock(connection, chosen.site)
        live = registry.find_live_key(connection, chosen.site)
        now = clock.now()
        if live != (before and before.key) or move.apply(connection, now).id != chosen.id:
            raise LiveVersionMoved(
                f"Another version of {chosen.site} went live while version {chosen.version} was "
                "tried: nothing is changed. Look which one is live, then decide again."
            )
        again = 0
        if not chosen.live:
            recent = timedelta(days=settings.retag_days)
            again = retag(connection, chosen.site, which or settings.retag, now=now, recent=recent)
    return WentLive(chosen, before, again)
