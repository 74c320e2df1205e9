"""What is asked after an answer that was lost: a poller was killed, or a backup brought back."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, update

from core.database.api_tables import FeedRow
from core.database.tables import Question
from core.errors import DatabaseUnreachable
from core.feeds import FeedName
from poller.api import Api
from poller.client import ApiAnswer, ApiRequest
from poller.feeds import Step, from_epoch
from poller.feeds.ascending import AscendingFeed
from tests.poller.feeds.feed_world import HOUR, START, asked, mark, numbers, read, world
from tests.poller.simulation import SITE


def test_what_an_older_backup_lacks_is_read_again_though_a_request_was_under_way(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world(sqlite_engine, [asked(1, -3 * HOUR), asked(2, -2 * HOUR), asked(3, 5)])
    poller = run.poller()
    read(poller, "live")
    restores = iter([True, False, False])
    ask = Api.ask

    def ask_while_a_backup_is_restored(api: Api, request: ApiRequest) -> ApiAnswer:
        answer = ask(api, request)
        if next(restores):
            with sqlite_engine.begin() as connection:
                connection.execute(delete(Question))
                old = run.clock.now() - timedelta(hours=4)
                connection.execute(update(FeedRow).values(mark=old))
        return answer

    monkeypatch.setattr(Api, "ask", ask_while_a_backup_is_restored)
    run.clock.sleep(300)
    with pytest.raises(DatabaseUnreachable, match="stats, live: the mark went back"):
        poller._step((SITE, "live"))
    assert poller._step((SITE, "live")) is None
    assert numbers(run) == [1, 2, 3]
    assert mark(sqlite_engine, "live") == 5


def test_what_a_backup_of_seconds_ago_lacks_is_asked_for_at_once(sqlite_engine: Engine) -> None:
    """Not by the request of before the restore, which would wait for its minute."""
    run = world(sqlite_engine, [asked(1, -100), *(asked(9 + at, at) for at in range(60))])
    poller = run.poller()
    marks = []
    for _ in range(4):
        assert poller._step((SITE, "live")) is None
        marks.append(from_epoch(START + mark(sqlite_engine, "live")))
        run.clock.sleep(5)
    stored = numbers(run)
    with sqlite_engine.begin() as connection:
        connection.execute(delete(Question))
        connection.execute(update(FeedRow).values(mark=marks[1]))
    assert poller._step((SITE, "live")) is None
    assert set(stored) < set(numbers(run))
    assert run.standin.observer.violations == []


def test_a_poller_after_one_that_was_killed_asks_at_once_and_nothing_twice(
    sqlite_engine: Engine,
) -> None:
    run = world(sqlite_engine, [asked(1, -HOUR), asked(2, 1)])
    poller = run.poller()
    for number in range(1, 6):
        run.clock.sleep(5)
        poller = run.poller()
        assert poller._step((SITE, "live")) is None
        assert run.standin.observer.requests == number
    assert run.standin.observer.violations == []
    run.clock.sleep(5)
    pause = poller._step((SITE, "live"))  # by one that has read what it asked for
    assert pause is not None
    assert "was asked less than a minute ago" in str(pause)


def test_a_poller_goes_on_soon_after_another_one_that_asked_the_same_and_ended(
    sqlite_engine: Engine,
) -> None:
    run = world(sqlite_engine, [asked(1, 1), asked(2, 20)], poll_seconds=5)
    here = run.poller()
    run.clock.sleep(10)
    read(here, "live")
    run.clock.sleep(30)
    mine, other = here.feeds["live"], run.poller().feeds["live"]
    assert isinstance(mine, AscendingFeed)
    assert isinstance(other, AscendingFeed)
    asks = mine._request(SITE, mine._beginning(SITE, run.clock.now()))
    other.api.rate_limit.admit(asks)  # and its answer is not stored yet
    other.api.rate_limit.release(asks)
    run.clock.sleep(1)
    assert "was asked less than a minute ago" in str(here._step((SITE, "live")))
    with sqlite_engine.begin() as connection:  # as the other one stores it
        connection.execute(update(FeedRow).values(mark=from_epoch(START + 20)))
    steps: list[float] = []

    def note(_site: str, name: FeedName, _step: Step) -> None:
        if name == "live":
            steps.append(run.clock.monotonic())

    here.on_step = note
    ended = run.clock.monotonic()
    here.run(lambda: bool(steps) or run.clock.monotonic() - ended > 100)
    assert steps[0] - ended <= 10
    assert run.standin.observer.violations == []
