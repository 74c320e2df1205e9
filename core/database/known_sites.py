"""Which sites there are: the network's, those of the settings, those of which rows are stored."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from sqlalchemy import Engine, inspect, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute

from core.addresses import shown_address
from core.database.api_tables import KnownSite
from core.database.engine import reading
from core.database.tables import ModelVersion, Question
from core.errors import UnknownSite
from core.site_names import EXPECTED, is_alike, is_site_of_network, near_sites, site_name
from core.wording import near, near_matches

CheckSite = Callable[[str], None]  # raises UnknownSite

_MOST_SHOWN: Final = 5

# By the API's own list, or since something of it is stored.
_COLUMNS: Final = (KnownSite.site, Question.site, ModelVersion.site)


def check_site(
    engine: Engine | None, site: str, *, own: Collection[str], new_by: str | None = None
) -> None:
    """Refuse the name of a site that is not known, or which nearly is that of another.

    Args:
        engine: of the database, where there is one; it is asked for what the network lacks.
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
    if engine is not None:
        with reading(engine) as connection:
            if _has_tables(connection):
                if any(_is_in(connection, column, site) for column in _COLUMNS):
                    return
                stored = list(stored_sites(connection))
    others = {*own, *stored}
    if new_by is not None and not is_alike(site, others):
        return
    matches = near_matches(near_sites(site, others))
    advice = f", or add {new_by} where it is a site of your own" if new_by is not None else ""
    raise UnknownSite(f"There is no site {site!r}{matches}.", f"Give {EXPECTED}{advice}.")


def find_site(
    engine: Engine | None, given: str, *, own: Collection[str], new_by: str | None = None
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
        if engine is not None:
            with reading(engine) as connection:
                if _has_tables(connection) and _is_in(connection, Question.site, given):
                    return given
        raise UnknownSite(f"{error}.") from None
    check_site(engine, site, own=own, new_by=new_by)
    return site


def find_stored_site(engine: Engine, given: str, *, own: Collection[str] = ()) -> str:
    """Return the API's name of a site of which something is stored, however a person names it.

    Args:
        engine: of a database that has its tables.
        given: what a person calls it.
        own: further sites that are taken: those that somebody has set.

    Raises:
        UnknownSite: nothing of it is stored; says what is, and what is near.
        DatabaseUnreachable: the database gives no answer.
    """
    try:
        site = site_name(given)
    except ValueError:
        site = given
    with reading(engine) as connection:
        stored = list_stored(connection)
    if given in stored:
        return given
    if site in stored or site in own:
        return site
    matches = near_matches(near(site, {*stored, *own}))
    holds = _shown(stored) or "no site yet"
    raise UnknownSite(
        f"Nothing of the site {site[:60]!r} is stored{matches}. "
        f"The database {shown_address(engine.url)} holds: {holds}."
    )


def choose_site(engine: Engine, sites: Sequence[str], *, are_set: bool) -> str:
    """Return the site that is meant where none is named: the only one that there is.

    Args:
        engine: of a database that has its tables.
        sites: those of the settings.
        are_set: whether somebody has set them; else what is stored counts as much.

    Raises:
        UnknownSite: there are several.
        DatabaseUnreachable: the database gives no answer.
    """
    if are_set and len(sites) == 1:
        return sites[0]
    with reading(engine) as connection:
        stored = list_stored(connection)
    several = list(sites) if are_set else stored
    if len(several) == 1 or not several:
        return [*several, *sites][0]
    raise UnknownSite(
        f"Of which site? There are {_shown(several)}. Name one, as: --site {several[0]}"
    )


def list_stored(connection: Connection) -> list[str]:
    """The sites of stored questions and models, in the order of their names."""
    models = connection.scalars(select(ModelVersion.site).distinct())
    return sorted({*stored_sites(connection), *models})


def _shown(sites: Sequence[str]) -> str:
    more = f" and {len(sites) - _MOST_SHOWN} more" if len(sites) > _MOST_SHOWN else ""
    return ", ".join(sites[:_MOST_SHOWN]) + more


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
