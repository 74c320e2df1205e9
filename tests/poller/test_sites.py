import logging
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from core.database.api_tables import KnownSite
from core.errors import UnknownSite
from core.settings import DEFAULTS
from demo.standin.api import StandIn
from demo.standin.faults import Failure, Faults
from demo.standin.site import Site
from poller.client import ApiAnswer, ApiRequest, Client
from poller.sites import check_sites, hosts_of_others
from tests.conftest import ManualClock
from tests.poller.simulation import Simulation, made_up_settings

NAMES = ("stats", "stackoverflow", "cooking", *(f"made-up-{number}" for number in range(150)))


def world(engine: Engine, faults: Faults | None = None) -> Simulation:
    clock = ManualClock()
    start = clock.now().timestamp()
    standin = StandIn([Site(name, []) for name in NAMES], start=start, faults=faults)
    return Simulation(engine, clock, standin, made_up_settings(), seed=1)


def check(run: Simulation, *sites: str) -> None:
    check_sites(run.poller().api, run.engine, run.clock, sites)


def test_sites_that_exist_pass_wherever_they_stand_in_the_list(engine: Engine) -> None:
    check(world(engine), "stats", "made-up-149")


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("statz", "stats"),
        ("stack-overflow", "stackoverflow"),
        ("stats.stackexchange.com", "stats"),
        ("Cooking", "cooking"),
    ],
)
def test_a_site_that_does_not_exist_is_refused_with_what_may_have_been_meant(
    sqlite_engine: Engine, wrong: str, near: str
) -> None:
    with pytest.raises(UnknownSite, match=f"no site '{wrong}' .*{near}.*TAGGER_SITES"):
        check(world(sqlite_engine), "stats", wrong)


def test_a_site_that_the_list_lacks_keeps_no_other_from_being_polled(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As one that closes, or those behind a list that was cut short."""
    cut = ApiAnswer(items=({"api_site_parameter": "stats"},), has_more=False)
    monkeypatch.setattr(Client, "fetch", lambda *_: cut)
    run = world(sqlite_engine)
    run.settings = made_up_settings(api_url=DEFAULTS.api_url)
    check(run, "stats", "cooking")
    assert "the API's list lacks cooking" in caplog.text
    with pytest.raises(UnknownSite, match="no site 'statz'"):
        check(run, "statz")


def test_a_name_like_no_other_is_refused_without_a_guess(sqlite_engine: Engine) -> None:
    with pytest.raises(UnknownSite, match=r"no site 'qqqqqqqq'\. "):
        check(world(sqlite_engine), "qqqqqqqq")


def test_a_list_that_never_ends_is_read_no_longer_than_it_brings_sites(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, asked = world(sqlite_engine), []
    named = {"api_site_parameter": "stats", "name": "Stats", "site_url": "https://stats.test"}

    def fetch(_: Client, request: ApiRequest) -> ApiAnswer:
        asked.append(request)
        return ApiAnswer(items=(named,), has_more=True)

    monkeypatch.setattr(Client, "fetch", fetch)
    check(run, "stats")
    assert len(asked) == 2


def test_what_no_database_takes_of_a_site_is_left_out(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(site: object, name: object, url: object = "https://odd.test") -> dict[str, object]:
        return {"api_site_parameter": site, "name": name, "site_url": url}

    items = (
        *(
            named("stats", "Statistics"),
            named("o\0dd", "Half \ud800", "\udfff"),
            named("none", None),
        ),
        *(named("x" * 10_000, "Long"), named("long", "x" * 10_000), named(["list"], "List")),
    )
    monkeypatch.setattr(Client, "fetch", lambda *_: ApiAnswer(items=items, has_more=False))
    check(world(engine), "stats", "odd", "long")
    with engine.connect() as connection:
        names = {row.site: row.name for row in connection.execute(select(KnownSite))}
    assert names == {"stats": "Statistics", "odd": "Half ", "none": "none", "long": "long"}


def test_the_hosts_of_other_sites_are_known_from_the_list(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine)
    api = run.poller().api.client.url
    assert hosts_of_others(sqlite_engine, api, "stats") == frozenset()
    check(run, "stats")
    hosts = hosts_of_others(sqlite_engine, api, "stats")
    assert "cooking.stackexchange.com" in hosts
    assert "stats.stackexchange.com" not in hosts
    assert hosts_of_others(sqlite_engine, api, "of nobody") == frozenset()


def test_a_restart_asks_for_the_list_no_second_time(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine)
    for _ in range(3):
        check(run, "stats")
        run.clock.sleep(3600)
    assert run.standin.observer.requests == 2  # its two pages
    run.clock.time += timedelta(days=31)  # type: ignore[attr-defined]
    check(run, "stats")
    assert run.standin.observer.requests == 4


def test_an_api_that_is_away_leaves_the_names_unchecked(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    run = world(sqlite_engine, Faults(script=(Failure.HTML,) * 9))
    with caplog.at_level(logging.WARNING):
        check(run, "no-such-site")
    assert "the names of the sites are not checked: /sites" in caplog.text
