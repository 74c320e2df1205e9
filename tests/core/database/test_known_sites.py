"""Names of sites that are none are refused, with what may have been meant."""

import pytest
from sqlalchemy import Engine, insert

from core.database.api_tables import KnownSite
from core.database.engine import make_engine
from core.database.known_sites import check_site, find_site, stored_sites
from core.errors import UnknownSite
from tests.conftest import ManualClock
from tests.rows import question, store_questions


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
