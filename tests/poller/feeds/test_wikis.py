"""What a site says of its tags comes in a few requests a day, after all that questions need."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, select

from core.database.api_tables import FeedRow, TagWiki
from core.database.engine import reading
from core.errors import ApiRepeated
from core.questions.tags.wikis import AGAIN_AFTER, Excerpt, find_due_wikis, read_excerpt
from demo.standin.faults import Failure, Faults
from demo.standin.site import Question
from poller.feeds import from_epoch, wikis
from poller.feeds.wikis import MOST_REQUESTS, TAGS_A_REQUEST
from poller.quota import DAY, Quota
from poller.rate_limit import RateLimit
from tests.poller.feeds.feed_world import HOUR, START, asked, read, world
from tests.poller.simulation import SITE, Simulation
from tests.rows import question, store_questions


def tagged(*tags: str, first: int = 1) -> list[Question]:
    """Three stored questions of each tag."""
    return [
        replace(asked(first + n, -500 + n), tags=(tag,))
        for n, tag in enumerate(tag for tag in tags for _ in range(3))
    ]


def ready(engine: Engine, *tags: str, faults: Faults | None = None) -> Simulation:
    """A site whose questions of some tags are stored."""
    run = world(engine, tagged(*tags), faults=faults)
    read(run.poller(), "live")
    return run


def known(run: Simulation) -> dict[str, str | None]:
    with reading(run.engine) as connection:
        rows = connection.execute(select(TagWiki.tag, TagWiki.excerpt))
        return {row.tag: row.excerpt for row in rows}


def test_excerpts_of_tags_in_use_are_read_and_missing_ones_noted(engine: Engine) -> None:
    run = ready(engine, "c#", ".net", "none-of-it")
    run.standin.sites[SITE].excerpts = {
        "c#": ("A <em>language</em> of\n Microsoft's & others.", START - 9),
        ".net": ("A framework.", START - 5),
        "unused": ("Nobody has it.", START),
    }
    assert [step.asked for step in read(run.poller(), "wikis")] == [True]
    assert known(run) == {
        "c#": "A <em>language</em> of Microsoft's & others.",  # it came escaped: it is text
        ".net": "A framework.",
        "none-of-it": None,
    }
    with reading(engine) as connection:
        found = read_excerpt(connection, SITE, ".net")
        assert found == Excerpt("A framework.", from_epoch(START - 5))
        assert read_excerpt(connection, SITE, "none-of-it") is None


def test_a_pass_is_short_and_the_next_goes_on_where_it_ended(engine: Engine) -> None:
    of_a_pass = MOST_REQUESTS * TAGS_A_REQUEST
    names = [f"tag{number:03}" for number in range(of_a_pass + 10)]
    run = ready(engine, *names)
    assert len(read(run.poller(), "wikis")) == MOST_REQUESTS
    assert sorted(known(run)) == names[:of_a_pass]
    assert [step.asked for step in read(run.poller(), "wikis")] == [False]
    run.clock.sleep(12 * HOUR)
    assert len(read(run.poller(), "wikis")) == 1
    assert sorted(known(run)) == names


def test_each_is_read_again_after_a_month_and_one_that_is_gone_goes(engine: Engine) -> None:
    run = ready(engine, "lm")
    run.standin.sites[SITE].excerpts = {"lm": ("Linear models.", START)}
    read(run.poller(), "wikis")
    run.standin.sites[SITE].excerpts = {}
    run.clock.sleep((AGAIN_AFTER - timedelta(hours=1)).total_seconds())
    assert [step.asked for step in read(run.poller(), "wikis")] == [False]
    run.clock.sleep(13 * HOUR)
    assert [step.asked for step in read(run.poller(), "wikis")] == [True]
    assert known(run) == {"lm": None}


def test_rare_tags_and_names_that_are_no_part_of_a_path_are_not_asked_for(
    sqlite_engine: Engine,
) -> None:
    run = world(
        sqlite_engine,
        [*tagged("..", "i/o", "a&b", "what?", "x" * 36), replace(asked(50, -9), tags=("rare",))],
    )
    read(run.poller(), "live")
    assert [step.asked for step in read(run.poller(), "wikis")] == [False]
    assert set(known(run)) == {
        "..",
        "i/o",
        "a&b",
        "what?",
        "x" * 36,
    }  # and are not looked at again each time
    assert not [method for _, method in run.standin.observer.calls if "wikis" in method]


@pytest.mark.parametrize("item", [None, {"tag_name": "lm"}, {"tag_name": 1, "excerpt": "x"}, [1]])
def test_items_that_say_nothing_are_left_out(item: object) -> None:
    too_long = {"tag_name": "lm", "excerpt": "x" * 3000}
    marked_up = {"tag_name": "glm", "excerpt": "<b>Linear</b> models"}
    found = dict(wikis._excerpts([item, too_long, marked_up]))
    assert found == {"glm": Excerpt("Linear models")}


def test_a_failure_leaves_the_tags_to_be_asked_for(sqlite_engine: Engine) -> None:
    run = ready(sqlite_engine, "lm")
    run.standin.sites[SITE].excerpts = {"lm": ("Linear models.", START)}
    run.standin.faults = replace(run.standin.faults, script=(Failure.INTERNAL,))
    run.standin._arrived = 0
    assert run.poller()._pass(SITE, "wikis") is not None
    assert known(run) == {}
    run.clock.sleep(HOUR)
    read(run.poller(), "wikis")
    assert known(run) == {"lm": "Linear models."}


def test_none_is_asked_for_where_the_quota_has_nothing_left_for_stored_questions(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ready(sqlite_engine, "lm")
    poller = run.poller()
    with monkeypatch.context() as patch:
        patch.setattr(RateLimit, "quota", lambda _: Quota(300, 60, DAY / 2))
        assert poller.run_once() == []
    assert known(run) == {}
    assert poller.run_once() == []
    assert known(run) == {"lm": None}


def test_after_a_restore_the_same_tags_are_the_same_request_however_often_they_are_used(
    sqlite_engine: Engine,
) -> None:
    run = ready(sqlite_engine, "c#", ".net")
    poller = run.poller()
    with reading(sqlite_engine) as connection:
        *_, last = find_due_wikis(connection, SITE, now=run.clock.now(), limit=9)
    assert poller._step((SITE, "wikis")) is None
    asked_before = run.standin.observer.requests
    with sqlite_engine.begin() as connection:
        connection.execute(delete(TagWiki))
        connection.execute(delete(FeedRow).where(FeedRow.feed == "wikis"))
    run.clock.sleep(20)
    more = [question(50 + n, author_tags=(last,)) for n in range(5)]
    store_questions(sqlite_engine, *more, now=run.clock.now())
    assert isinstance(poller._step((SITE, "wikis")), ApiRepeated)
    assert run.standin.observer.requests == asked_before
    assert run.standin.observer.violations == []
