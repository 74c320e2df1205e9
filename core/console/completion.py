"""What a shell completes besides commands and options: sites, tags and versions that are stored.

Typer makes the shells' part of it: `tagger --install-completion`. Where the database cannot be
asked, nothing is completed, and nothing is said: a person is in the middle of a line.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import typer
from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.existing import open_existing
from core.database.known_sites import list_stored
from core.database.known_tags import known_tags
from core.database.tables import ModelVersion
from core.errors import TaggerError
from core.settings import load_settings

MOST: Final = 200  # that are offered at once


def complete_sites(incomplete: str) -> list[str]:
    """The stored sites that begin as typed."""
    return _from_database(list_stored, incomplete)


def complete_tags(context: typer.Context, incomplete: str) -> list[str]:
    """The tags that begin as typed: of the site that is named before, or of all that are stored."""
    return _from_database(lambda found: known_tags(found, _sites(context, found)), incomplete)


def complete_versions(context: typer.Context, incomplete: str) -> list[str]:
    """The model versions of the site that is named before which begin as typed, newest first."""

    def versions(connection: Connection) -> Iterable[str]:
        of_sites = ModelVersion.site.in_(_sites(context, connection))
        found = select(ModelVersion.version).where(of_sites, ModelVersion.pruned_at.is_(None))
        return map(str, connection.scalars(found.order_by(ModelVersion.version.desc())))

    return _from_database(versions, incomplete)


def _sites(context: typer.Context, connection: Connection) -> list[str]:
    named: Any = context.params.get("site")
    sites = [named] if isinstance(named, str) else list(named or ())
    return [site for site in sites if site] or list_stored(connection)


def _from_database(ask: Callable[[Connection], Iterable[str]], incomplete: str) -> list[str]:
    try:
        engine = open_existing(load_settings().database)
    except TaggerError:
        return []
    try:
        with reading(engine) as connection:
            found = dict.fromkeys(one for one in ask(connection) if one.startswith(incomplete))
    except TaggerError:
        return []
    finally:
        engine.dispose()
    return list(found)[:MOST]
