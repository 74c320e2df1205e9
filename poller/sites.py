"""Which sites exist: the API's list of them, kept in the database and seldom asked for."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.engine import Connection

from core.clock import CLOCK_SET_BACK, Clock
from core.database.api_tables import KnownSite
from core.database.engine import reading
from core.errors import ApiError, ApiUnreachable, UnknownSite
from core.questions.store import clean_text
from core.settings import DEFAULTS
from core.site_names import is_site_of_network
from core.wording import near, near_matches
from poller.api import Api
from poller.client import ApiRequest
from poller.items import host_of

log = logging.getLogger(__name__)

BELIEVE_FOR = timedelta(days=30)
ASK_AGAIN_AFTER = timedelta(days=1)  # for a site that the list does not hold: it may be a new one
MAX_PAGES = 20  # of a hundred; there are four
MAX_FIELD = 200  # characters of a name or an address; the longest have some 50


@dataclass(frozen=True, slots=True)
class SiteName:
    """A site: its name in the API, its name for people, its address."""

    site: str
    name: str
    url: str


def check_sites(api: Api, engine: Engine, clock: Clock, sites: Iterable[str]) -> None:
    """Refuse sites that do not exist.

    Where the list of sites cannot be had, that is logged, and the sites are believed.

    Raises:
        UnknownSite: one of them does not exist; names the nearest that do.
    """
    try:
        require_sites(api, engine, clock, sites)
    except ApiError as error:
        log.warning("the names of the sites are not checked: %s", error)


def require_sites(
    api: Api, engine: Engine, clock: Clock, sites: Iterable[str], *, named_by: str = "TAGGER_SITES"
) -> None:
    """Refuse sites that do not exist.

    One that the network has or had is believed: a list that was cut short, or a site that closes,
    is to keep no other site from being polled.

    Args:
        api: is asked for its list of sites, where the database has none that is believed.
        engine: of the database.
        clock: says how old that list is.
        sites: by the API's names.
        named_by: what somebody has to correct.

    Raises:
        UnknownSite: one of them does not exist; names the nearest that do.
        ApiError: the list cannot be had.
    """
    known = _known_sites(api, engine, clock, sites)
    for site in sites:
        if site not in known and api.client.url == DEFAULTS.api_url and is_site_of_network(site):
            log.warning("the API's list lacks %s: it is asked for all the same", site)
        elif site not in known:
            matches = near_matches(_near(site, known.values()))
            raise UnknownSite(
                f"There is no site {site!r}{matches}.",
                f"Correct {named_by}; it takes the API's names of sites.",
            )


def _known_sites(
    api: Api, engine: Engine, clock: Clock, sites: Iterable[str]
) -> Mapping[str, SiteName]:
    with reading(engine) as connection:
        known, fetched_at = _read(connection, api.client.url)
    if fetched_at is not None:
        complete = all(site in known for site in sites)
        age = clock.now() - fetched_at
        if -CLOCK_SET_BACK <= age < (BELIEVE_FOR if complete else ASK_AGAIN_AFTER):
            return known
    fetched = _fetch(api, clock)
    with engine.begin() as connection:
        _write(connection, api.client.url, fetched, clock.now())
    return {site.site: site for site in fetched}


def _read(connection: Connection, api: str) -> tuple[dict[str, SiteName], datetime | None]:
    rows = connection.execute(
        select(KnownSite.site, KnownSite.name, KnownSite.url, KnownSite.fetched_at).where(
            KnownSite.api == api
        )
    ).all()
    known = {row.site: SiteName(row.site, row.name, row.url) for row in rows}
    return known, min((row.fetched_at for row in rows), default=None)


def hosts_of_others(engine: Engine, api: str, site: str) -> frozenset[str]:
    """The hosts of all other sites that the API's list names; none where there is no list."""
    with reading(engine) as connection:
        known, _ = _read(connection, api)
    hosts = {one.site: host_of(one.url) for one in known.values()}
    own = hosts.get(site, "")
    return frozenset(hosts.values()) - {own, ""} if own else frozenset()


def _write(connection: Connection, api: str, sites: Iterable[SiteName], now: datetime) -> None:
    connection.execute(delete(KnownSite).where(KnownSite.api == api))
    rows = [
        {"api": api, "site": site.site, "name": site.name, "url": site.url, "fetched_at": now}
        for site in sorted(sites, key=lambda site: site.site)
    ]
    if rows:
        connection.execute(insert(KnownSite), rows)


def _fetch(api: Api, clock: Clock) -> list[SiteName]:
    found: dict[str, SiteName] = {}
    for page in range(1, MAX_PAGES + 1):
        answer = api.ask(ApiRequest("sites", "", (("page", str(page)), ("pagesize", "100"))))
        before = len(found)
        for item in answer.items:
            site = _site(item)
            if site is not None:
                found[site.site] = site
        if not answer.has_more or len(found) == before:
            break
        clock.sleep((answer.backoff or 0) + 3)
    if not found:
        raise ApiUnreachable("the API's list of sites is empty")
    return list(found.values())


def _site(item: object) -> SiteName | None:
    if not isinstance(item, dict):
        return None
    site, name, url = (_field(item, key) for key in ("api_site_parameter", "name", "site_url"))
    return SiteName(site, unescape(name or site), url) if site else None


def _field(item: Mapping[str, object], key: str) -> str:
    """A text of an item as a database takes it; empty where it is none, or is too long."""
    value = item.get(key)
    return clean_text(value) if isinstance(value, str) and len(value) <= MAX_FIELD else ""


def _near(site: str, known: Iterable[SiteName]) -> list[str]:
    """What may have been meant: by the API's name, by the name for people, by the address."""
    by_form: dict[str, str] = {}
    for one in known:
        host = host_of(one.url)
        for form in (host, host.removesuffix(".com"), one.name.lower(), one.site):
            by_form[form] = one.site
    close = near(site.lower(), by_form, most=6)
    return list(dict.fromkeys(by_form[form] for form in close))[:3]
