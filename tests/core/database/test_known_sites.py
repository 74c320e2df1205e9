"""Names of sites that are none are refused, with what may have been meant."""

import pytest
from sqlalchemy import Engine, insert

from core.database.api_tables import KnownSite
from core.database.engine import make_engine
from core.database.known_sites import (
    check_site,
    choose_site,
    find_site,
    find_stored_site,
    list_stored,
    stored_sites,
)
from core.errors import UnknownSite
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("statz", "stats"),
        ("cookng", "cooking"),
        ("stackoverfow", "stackoverflow"),
        ("Statz.StackExchange.com", "stats"),
        ("mathematics", "math"),
        ("my-forun", "my-forum"),
        ("stackoverlow.com", "stackoverflow"),
    ],
)
def test_a_site_that_is_none_is_refused_with_the_near_ones(
    engine: Engine, clock: ManualClock, wrong: str, near: str
) -> None:
    store_questions(engine, question(1, site="my-forum"), now=clock.now())
    with pytest.raises(UnknownSite, match=f"near matches: .*{near}.*Give the API's|{near}.*give"):
        find_site(engine, wrong, own=())


def test_sites_of_the_network_the_settings_and_the_database_are_known(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(1, site="my-forum"), now=clock.now())
    told = {"api": "http://a.example", "site": "dogs", "name": "Dogs", "url": "http://dogs.example"}
    with engine.begin() as connection:
        connection.execute(insert(KnownSite).values(**told, fetched_at=clock.now()))
        assert list(stored_sites(connection)) == ["my-forum"]
    for site in ("stats", "es.meta.stackoverflow", "my-forum", "dogs", "demo"):
        check_site(engine, site, own=("demo",))
    with pytest.raises(UnknownSite, match=r"There is no site 'zzzz'. Give .* its address\."):
        check_site(engine, "zzzz", own=("demo",))


def test_new_sites_are_taken_where_there_may_be_some_but_for_likely_mistakes(
    engine: Engine,
) -> None:
    for site in ("pumps", "ja", "ja2", "stats2", "my-forum", "forum.de", "zzzz"):
        check_site(engine, site, own=(), new_by="--new-site")
    for site in ("statz", "stat", "maths", "cookng.meta", "crossvalidatd"):
        with pytest.raises(UnknownSite, match="or add --new-site where it is a site of your own"):
            check_site(engine, site, own=(), new_by="--new-site")


def test_a_stored_name_that_is_refused_today_is_found(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(1, site="stackoverflow.blog"), now=clock.now())
    assert find_site(engine, "stackoverflow.blog", own=()) == "stackoverflow.blog"


def test_a_new_database_knows_the_networks_sites_alone(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    assert find_site(engine, "Stats", own=()) == "stats"
    with pytest.raises(UnknownSite):
        find_site(engine, "statz", own=())
    engine.dispose()


def test_without_a_database_the_networks_sites_and_ones_own_are_known() -> None:
    assert find_site(None, "Stats", own=()) == "stats"
    assert find_site(None, "demo", own=("demo",)) == "demo"
    with pytest.raises(UnknownSite, match="near matches: stats"):
        find_site(None, "statz", own=())
    with pytest.raises(UnknownSite):
        find_site(None, "stackoverlow.com", own=())


def test_what_is_asked_of_a_site_needs_something_of_it(engine: Engine, clock: ManualClock) -> None:
    with pytest.raises(UnknownSite, match="holds: no site yet"):
        find_stored_site(engine, "stats")
    store_questions(engine, question(1), now=clock.now())
    publish_live(engine, word_bundle("demo"), now=clock.now())
    with engine.connect() as connection:
        assert list_stored(connection) == ["demo", "stats"]
    for given in ("stats", "Stats.StackExchange.com", "demo"):
        assert find_stored_site(engine, given) in ("demo", "stats")
    assert find_stored_site(engine, "cooking", own=("cooking",)) == "cooking"
    with pytest.raises(UnknownSite, match=r"'cooking' is stored. The database .* demo, stats"):
        find_stored_site(engine, "cooking")


def test_many_sites_are_counted_instead_of_named(engine: Engine, clock: ManualClock) -> None:
    names = [f"site{number}" for number in range(8)]
    store_questions(engine, *(question(1, site=name) for name in names), now=clock.now())
    with pytest.raises(UnknownSite, match="site3, site4 and 3 more"):
        find_stored_site(engine, "zzzz")


@pytest.mark.parametrize(
    ("stored", "sites", "are_set", "chosen"),
    [
        ((), ("stats",), False, "stats"),
        (("demo",), ("stats",), False, "demo"),
        (("demo",), ("stats",), True, "stats"),
        (("demo", "stats"), ("stats",), True, "stats"),
        (("demo", "stats"), ("stats",), False, None),
        (("demo",), ("stats", "demo"), True, None),
    ],
)
def test_the_site_that_is_meant_by_none_is_the_only_one(
    sqlite_engine: Engine,
    clock: ManualClock,
    stored: tuple[str, ...],
    sites: tuple[str, ...],
    are_set: bool,
    chosen: str | None,
) -> None:
    store_questions(sqlite_engine, *(question(1, site=site) for site in stored), now=clock.now())
    if chosen is not None:
        assert choose_site(sqlite_engine, sites, are_set=are_set) == chosen
        return
    with pytest.raises(UnknownSite, match=r"Of which site. There are .*, .* Name one, as: --site"):
        choose_site(sqlite_engine, sites, are_set=are_set)
