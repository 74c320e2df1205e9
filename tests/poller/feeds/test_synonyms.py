"""Renamed tags come once a day, and cost one request."""

from sqlalchemy import Engine

from core.database.engine import reading
from core.questions.tags.synonyms import read_synonyms
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


def test_items_that_are_no_synonyms_are_left_out(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, -100)])
    odd = ({"from_tag": 1}, {"from_tag": "a b"}, {"to_tag": ""}, {"from_tag": "regression"})
    run.standin.sites[SITE].synonyms = [synonym("lm", "regression", -5) | one for one in odd]
    read(run.poller(), "synonyms")
    assert known(run) == {}
