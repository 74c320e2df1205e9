"""Which sites there are: the network's, those of the settings, those of which rows are stored."""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from sqlalchemy import Engine, inspect, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute

from core.database.api_tables import KnownSite
from core.database.engine import reading
from core.database.tables import ModelVersion, Question
from core.errors import UnknownSite
from core.site_names import EXPECTED, is_alike, is_site_of_network, near_sites, site_name

CheckSite = Callable[[str], None]  # raises UnknownSite

# By the API's own list, or since something of it is stored.
_COLUMNS: Final = (KnownSite.site, Question.site, ModelVersion.site)


def check_site(
    engine: Engine, site: str, *, own: Collection[str], new_by: str | None = None
) -> None:
    """Refuse the name of a site that is not known, or which nearly is that of another.

    Args:
        engine: of the database; it is asked for what the network does not have.
        site: as site_name() returns it.
        own: the sites of the settings, which the poller checks.
        new_by: the option by which any name is taken, where a site of somebody's own may appear;
            then only names are refused that look as if another site was meant.

    Raises:
        UnknownSite: the network has no such site, and nothing of it is stored; says what is near.
        DatabaseUnreachable: the database gives no answer.
    """
    if is_site_of_network(site) or site in own:
        return
    stored: list[str] = []
    with reading(engine) as connection:
        if _has_tables(connection):
            if any(_is_in(connection, column, site) for column in _COLUMNS):
                return
            stored = list(stored_sites(connection))
    others = {*own, *stored}
    if new_by is not None and not is_alike(site, others):
        return
    near = near_sites(site, others)
    matches = f" (near matches: {', '.join(near)})" if near else ""
    advice = f", or add {new_by} where it is a site of your own" if new_by is not None else ""
    raise UnknownSite(f"There is no site {site!r}{matches}. Give {EXPECTED}{advice}.")


def find_site(
    engine: Engine, given: str, *, own: Collection[str], new_by: str | None = None
) -> str:
    """Return the API's name of a site, however a person names it.

    A name that is refused today, since it is almost one of the network's, and under which earlier
    versions have stored questions, is taken as it is.

    Args:
        engine: of the database.
        given: what a person calls it.
        own: as of check_site().
        new_by: as of check_site().

    Raises:
        UnknownSite: there is none; says what is near.
        DatabaseUnreachable: the database gives no answer.
    """
    try:
        site = site_name(given)
    except ValueError as error:
        with reading(engine) as connection:
            if _has_tables(connection) and _is_in(connection, Question.site, given):
                return given
        raise UnknownSite(f"{error}.") from None
    check_site(engine, site, own=own, new_by=new_by)
    return site


def _has_tables(connection: Connection) -> bool:
    """Whether it is no new database."""
    return inspect(connection).has_table(KnownSite.__tablename__)


def _is_in(connection: Connection, column: InstrumentedAttribute[str], site: str) -> bool:
    return connection.execute(select(column).where(column == site).limit(1)).first() is not None


def stored_sites(connection: Connection) -> Iterator[str]:
    """Those of stored questions, each found by one look into an index."""
    sites = select(Question.site).order_by(Question.site).limit(1)
    site = connection.scalar(sites)
    while site is not None:
        yield site
        site = connection.scalar(sites.where(Question.site > site))
