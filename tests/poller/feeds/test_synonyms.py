"""Renamed tags come once a day, and cost one request."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, delete

from core.database.api_tables import TagSynonym
from core.database.engine import reading
from core.errors import ApiPaused
from core.questions.tags.synonyms import read_synonyms
from poller.api import Api
from poller.client import ApiAnswer, ApiRequest
from poller.feeds.passes import FREE_PAGES
from tests.poller.feeds.feed_world import HOUR, START, asked, mark, read, world
from tests.poller.simulation import SITE, Simulation


def synonym(tag: str, other: str, at: int) -> dict[str, object]:
    return {"from_tag": tag, "to_tag": other, "creation_date": START + at, "applied_count": 3}


def known(run: Simulation) -> dict[str, str]:
    with reading(run.engine) as connection:
        return read_synonyms(connection, SITE)


def test_synonyms_are_read_once_a_day_from_the_last_one_on(engine: Engine) -> None:
    run = world(engine, [asked(1, -100)])
    site = run.standin.sites[SITE]
    site.synonyms = [synonym("lm", "regression", -500), synonym("c&#43;&#43;11", "c&#43;&#43;", -9)]
    poller = run.poller()
    assert [step.asked for step in read(poller, "synonyms")] == [True]
    assert known(run) == {"lm": "regression", "c++11": "c++"}
    assert mark(engine, "synonyms") == -9
    run.clock.sleep(HOUR)
    assert [step.asked for step in read(run.poller(), "synonyms")] == [False]
    site.synonyms.append(synonym("glm", "regression", HOUR))
    run.clock.sleep(24 * HOUR)
    read(run.poller(), "synonyms")
    assert known(run)["glm"] == "regression"
    assert run.standin.observer.requests == 2


def test_the_whole_list_is_read_again_in_thirty_days_and_what_is_missing_is_dropped(
    engine: Engine,
) -> None:
    run = world(engine, [asked(1, -100)])
    site = run.standin.sites[SITE]
    names = [f"old{number}" for number in range(102)]  # two pages
    site.synonyms = [synonym(name, "new", number) for number, name in enumerate(names)]
    read(run.poller(), "synonyms")
    del site.synonyms[7]
    run.clock.sleep(29 * 24 * HOUR)
    assert len(read(run.poller(), "synonyms")) == 1
    assert len(known(run)) == 102
    run.clock.sleep(25 * HOUR)
    assert len(read(run.poller(), "synonyms")) == 2
    assert known(run) == dict.fromkeys(names[:7] + names[8:], "new")
    run.clock.sleep(25 * HOUR)
    assert len(read(run.poller(), "synonyms")) == 1


@pytest.mark.parametrize(
    ("wrong", "given"),
    [([], "none"), ([{"creation_date": START}], "none"), ([synonym("old3", "new", 3)], "1")],
)
def test_a_list_that_lacks_most_of_what_a_site_has_drops_none(
    sqlite_engine: Engine, wrong: list[dict[str, object]], given: str
) -> None:
    run = world(sqlite_engine, [asked(1, -100)])
    site = run.standin.sites[SITE]
    site.synonyms = [synonym(f"old{number}", "new", number) for number in range(12)]
    read(run.poller(), "synonyms")
    whole, site.synonyms = site.synonyms, wrong
    run.clock.sleep(31 * 24 * HOUR)
    problem = run.poller()._step((SITE, "synonyms"))
    assert str(problem) == f"of 12 known synonyms of tags the API gives {given}"
    assert len(known(run)) == 12
    site.synonyms = whole[:11]
    run.clock.sleep(24 * HOUR)
    read(run.poller(), "synonyms")
    assert len(known(run)) == 11


@pytest.mark.parametrize(
    ("days", "before", "left", "refused"), [(30, 12, 1, 3), (30, 250, 101, 3), (90, 12, 1, 1)]
)
def test_a_list_that_lacks_most_for_days_is_believed(
    sqlite_engine: Engine, days: int, before: int, left: int, refused: int
) -> None:
    """However often it is asked for in a day, as by `tagger poll --once`; never at once."""
    run = world(sqlite_engine, [asked(1, -100)])
    site = run.standin.sites[SITE]
    site.synonyms = [synonym(f"old{number}", "new", number) for number in range(before)]
    read(run.poller(), "synonyms")
    del site.synonyms[left:]
    run.clock.sleep(days * 24 * HOUR)
    counts = []
    for _ in range(refused + 1):
        for _ in range(3):
            run.clock.sleep(120)
            poller = run.poller()
            for _ in range(1 + left // 100):
                poller._step((SITE, "synonyms"))
        counts.append(len(known(run)))
        run.clock.sleep(24 * HOUR)
    assert counts == [before] * refused + [left]
    assert run.standin.observer.requests < 20  # no run asks again within a day


def test_a_long_list_waits_for_quota_and_keeps_how_far_it_has_come(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, -100)])
    run.standin.sites[SITE].synonyms = [
        synonym(f"old{number}", "new", number) for number in range(100 * (FREE_PAGES + 3))
    ]
    poller = run.poller()
    with pytest.MonkeyPatch.context() as patched:
        plan = replace(poller.quota_plan(), history_requests=0)
        patched.setattr(type(poller), "quota_plan", lambda _: plan)
        assert isinstance(poller._pass(SITE, "synonyms"), ApiPaused)
    assert 0 < len(known(run)) <= 100 * FREE_PAGES
    assert mark(sqlite_engine, "synonyms") is not None


@pytest.mark.parametrize("number", [3, 98, 99])
def test_one_of_a_wrong_date_drops_no_other(sqlite_engine: Engine, number: int) -> None:
    """The site sorts by the dates that it knows, whatever the answer says."""
    run = world(sqlite_engine, [asked(1, -100)])
    names = [f"old{number}" for number in range(150)]
    run.standin.sites[SITE].synonyms = [
        synonym(name, "new", at - 10_000) for at, name in enumerate(names)
    ]
    poller, ask = run.poller(), Api.ask

    def answer(api: Api, request: ApiRequest) -> ApiAnswer:
        answered = ask(api, request)
        wrong = {"from_tag": names[number]}
        items = [
            {**item, "creation_date": START} if wrong.items() <= item.items() else item
            for item in answered.items
            if isinstance(item, dict)
        ]
        return replace(answered, items=tuple(items))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Api, "ask", answer)
        for _ in range(2):
            read(poller, "synonyms")
            run.clock.sleep(31 * 24 * HOUR)
    assert known(run) == dict.fromkeys(names, "new")


def test_a_clock_that_is_set_back_while_the_list_is_read_drops_nothing(engine: Engine) -> None:
    run = world(engine, [asked(1, -100)])
    names = [f"old{number}" for number in range(202)]  # three pages
    run.standin.sites[SITE].synonyms = [
        synonym(name, "new", number) for number, name in enumerate(names)
    ]
    feed = run.poller().feeds["synonyms"]
    following = feed.step(SITE, None).following
    assert following is not None
    run.clock.sleep(-2 * HOUR)
    while following is not None:
        following = feed.step(SITE, following).following
        run.clock.sleep(HOUR // 2)
    assert len(known(run)) == 202


def test_a_list_of_which_nothing_is_kept_is_read_as_a_whole(engine: Engine) -> None:
    run = world(engine, [asked(1, -100)])
    run.standin.sites[SITE].synonyms = [synonym("lm", "regression", -500), synonym("c", "r", -9)]
    read(run.poller(), "synonyms")
    with engine.begin() as connection:
        connection.execute(delete(TagSynonym))
    run.clock.sleep(25 * HOUR)
    read(run.poller(), "synonyms")
    assert known(run) == {"lm": "regression", "c": "r"}


def test_items_that_are_no_synonyms_are_left_out(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, -100)])
    odd = ({"from_tag": 1}, {"from_tag": "a b"}, {"to_tag": ""}, {"from_tag": "regression"})
    run.standin.sites[SITE].synonyms = [synonym("lm", "regression", -5) | one for one in odd]
    read(run.poller(), "synonyms")
    assert known(run) == {}
