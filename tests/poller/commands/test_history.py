"""`tagger history` without a network, or of no site: it ends, and leaves nothing."""

import logging
import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from core.database.api_tables import ApiClient, FeedRow, PauseReason
from core.errors import ApiContradiction, ApiError, ApiUnreachable, UnknownSite
from demo.standin.faults import Failure, Faults
from demo.standin.site import Site
from poller.commands.history import MOST_FAILURES, check_named, fetch_history
from poller.feeds.history import BELIEVE_EMPTY_AFTER
from poller.pauses import EVERYTHING, Pauses
from tests.poller.feeds.feed_world import asked, numbers, world
from tests.poller.simulation import SITE, Simulation

QUESTIONS = [asked(n, -n * 3600) for n in range(1, 251)]


def feeds(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(FeedRow.site)))


def never() -> bool:
    return False


def away(engine: Engine, answers: int = 0) -> Simulation:
    """An API that is away after so many answers."""
    script = (*(None,) * answers, *(Failure.HTML,) * 99)
    return world(engine, QUESTIONS, faults=Faults(script=script), history_questions=10_000)


def test_a_site_that_there_is_not_is_refused_and_leaves_no_feed(sqlite_engine: Engine) -> None:
    poller = world(sqlite_engine, QUESTIONS).poller()
    check_named(poller, [SITE])
    with pytest.raises(UnknownSite, match=r"no site 'statz' .near matches: stats.*Correct --site"):
        check_named(poller, ["statz"])
    assert feeds(sqlite_engine) == []


def test_without_an_answer_no_site_is_believed(sqlite_engine: Engine) -> None:
    with pytest.raises(ApiUnreachable):
        check_named(away(sqlite_engine).poller(), ["nosuch"])


def test_an_api_that_is_away_ends_it_at_once(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    run = away(sqlite_engine)
    with caplog.at_level(logging.WARNING), pytest.raises(ApiUnreachable):
        fetch_history(run.poller(), [SITE], never)
    assert caplog.records == []
    assert feeds(sqlite_engine) == []
    assert run.standin.observer.requests == 1


def test_a_site_without_a_question_is_believed_in_the_end(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [], history_questions=10_000)
    for _ in range(BELIEVE_EMPTY_AFTER):
        with pytest.raises(ApiContradiction):
            fetch_history(run.poller(), [SITE], never)
        run.clock.sleep(24 * 3600)
    fetch_history(run.poller(), [SITE], never)
    with sqlite_engine.connect() as connection:
        assert connection.scalar(select(FeedRow.complete))


def test_whoever_runs_it_again_too_soon_is_told_what_it_waits_for(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    run = world(sqlite_engine, [], history_questions=10_000)
    for _ in range(2):
        with caplog.at_level(logging.WARNING), pytest.raises(ApiContradiction):
            fetch_history(run.poller(), [SITE], never)
    with sqlite_engine.begin() as connection:
        connection.execute(update(ApiClient).values(quota_remaining=0))
    with caplog.at_level(logging.WARNING):
        fetch_history(run.poller(), [SITE], never)  # that waits for nothing
    (told,) = caplog.messages
    assert re.fullmatch(rf"{SITE}, history: the API gives none .*; next try in 9\d\d s", told)


def test_a_long_pause_of_all_sites_is_told_once_and_sat_out(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    sites = (SITE, "cooking")
    run = world(sqlite_engine, QUESTIONS[:9], history_questions=10_000, sites=sites)
    run.standin.sites["cooking"] = Site("cooking", QUESTIONS[:9])
    until = run.clock.now() + timedelta(hours=3)
    pauses = Pauses(run.poller().api.client.name, run.clock)
    pauses.add(EVERYTHING, until, PauseReason.THROTTLED)
    with sqlite_engine.begin() as connection:
        pauses.save(connection, run.clock.now())
    with caplog.at_level(logging.WARNING):
        feed = fetch_history(run.poller(), sites, never)
    assert [feed.remaining(site) for site in sites] == [0, 0]
    assert run.clock.now() > until
    (told,) = caplog.messages
    assert re.match(rf"{SITE}, history: .* may be asked again at .* 03:00:00 UTC", told)


def test_an_api_that_goes_away_meanwhile_is_asked_a_few_times_more(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    run = away(sqlite_engine, answers=1)
    with caplog.at_level(logging.WARNING), pytest.raises(ApiUnreachable):
        fetch_history(run.poller(), [SITE], never)
    assert len(caplog.records) == MOST_FAILURES - 1
    assert feeds(sqlite_engine) == [SITE]
    assert len(numbers(run)) == 100


def test_what_the_api_refuses_is_not_asked_again(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, QUESTIONS, history_questions=10_000, sites=("nosuch",))
    with pytest.raises(ApiError, match="nosuch"):
        fetch_history(run.poller(), ["nosuch"], never)
    assert feeds(sqlite_engine) == []
    assert run.standin.observer.requests == 1


def test_all_past_questions_are_fetched(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, QUESTIONS, history_questions=10_000)
    feed = fetch_history(run.poller(), [SITE], never)
    assert feed.fetched(SITE) == len(QUESTIONS)
    assert feed.remaining(SITE) == 0
