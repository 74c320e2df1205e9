"""Items that do not say which question they are, against a stand-in that spoils them."""

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, select

from core.database.api_tables import FeedRow
from core.feeds import FeedName
from demo.standin.faults import Faults, ItemFault
from poller.feeds.rereading import FIRST_PAUSE, MAX_REREADS
from tests.poller.feeds.feed_world import HOUR, asked, mark, numbers, read, world
from tests.poller.simulation import SITE, Simulation

POLL = 300


@dataclass(frozen=True)
class Spoils(Faults):
    """Question 1 is something without a number in the first so many answers."""

    answers: int = 0

    def item_fault(self, number: int, site: str, question_id: int) -> ItemFault | None:
        del site
        spoilt = question_id == 1 and number < self.answers
        return ItemFault.NOT_AN_OBJECT if spoilt else None


def spoilt(engine: Engine, answers: int) -> Simulation:
    """A site whose spoilt question lies too far back for the overlap of the next pass."""
    questions = [asked(1, -2 * HOUR), asked(2, -HOUR), asked(3, 10)]
    return world(engine, questions, faults=Spoils(answers=answers))


@pytest.mark.parametrize("feed", ["live", "changed"])
@pytest.mark.parametrize("answers", [1, 2])
def test_a_question_that_came_without_its_number_is_read_again(
    sqlite_engine: Engine, feed: FeedName, answers: int
) -> None:
    run = spoilt(sqlite_engine, answers)
    poller = run.poller()
    for _ in range(answers):
        read(poller, feed)
        assert 1 not in numbers(run)
        run.clock.sleep(POLL)
    read(poller, feed)
    assert numbers(run) == [1, 2, 3]
    assert mark(sqlite_engine, feed) == 10
    assert run.standin.observer.violations == []


def test_what_is_to_be_read_again_outlasts_a_killed_poller(sqlite_engine: Engine) -> None:
    run = spoilt(sqlite_engine, 1)
    read(run.poller(), "live")
    run.clock.sleep(POLL)
    read(run.poller(), "live")
    assert numbers(run) == [1, 2, 3]


def test_new_questions_do_not_wait_for_what_is_to_be_read_again(sqlite_engine: Engine) -> None:
    run = spoilt(sqlite_engine, 2)
    poller = run.poller()
    read(poller, "live")
    before = mark(sqlite_engine, "live")
    run.clock.sleep(FIRST_PAUSE)
    read(poller, "live")
    run.clock.sleep(FIRST_PAUSE)  # twice as much is asked of the second time
    read(poller, "live")
    assert numbers(run) == [2, 3]
    assert mark(sqlite_engine, "live") == before
    run.clock.sleep(FIRST_PAUSE)
    read(poller, "live")
    assert numbers(run) == [1, 2, 3]


def test_an_item_that_never_gets_a_number_is_given_up_in_one_line(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    run = spoilt(sqlite_engine, 1000)
    poller = run.poller()
    for _ in range(2 * MAX_REREADS + 5):
        read(poller, "live")
        run.clock.sleep(POLL)
    (line,) = [line for line in caplog.messages if "does not say which question" in line]
    assert line == (
        f"stats, live: read {MAX_REREADS} times more, and there is still an item that does not say "
        "which question it is; going on without it: a question may be missing until something "
        "happens to it on the site"
    )
    assert mark(sqlite_engine, "live") == 10
    assert run.standin.observer.violations == []


def test_history_reads_a_page_again_that_held_a_question_without_its_number(
    sqlite_engine: Engine,
) -> None:
    questions = [asked(1, -HOUR), *(asked(n, -n * HOUR) for n in range(2, 251))]
    run = world(sqlite_engine, questions, faults=Spoils(answers=2), history_questions=10_000)
    steps = read(run.poller(), "history")
    assert [step.again for step in steps] == [True, True, False, False, False]
    assert numbers(run) == list(range(1, 251))
    assert run.standin.observer.violations == []
    with sqlite_engine.connect() as connection:
        state = connection.execute(select(FeedRow.fetched, FeedRow.complete)).one()
    assert tuple(state) == (250, True)


def test_history_that_is_killed_meanwhile_reads_the_page_again(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, -HOUR)], faults=Spoils(answers=1), history_questions=100)
    assert run.poller().feeds["history"].step(SITE, None).again
    run.clock.sleep(POLL)
    read(run.poller(), "history")
    assert numbers(run) == [1]


def test_history_goes_on_without_an_item_that_never_gets_a_number(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    run = spoilt(sqlite_engine, 1000)
    steps = read(run.poller(), "history")
    assert len(steps) == 1 + MAX_REREADS
    (line,) = [line for line in caplog.messages if "does not say which question" in line]
    assert line.startswith(f"stats, history: read {MAX_REREADS} times more")
    assert numbers(run) == [2]
    assert mark(sqlite_engine, "history") == -HOUR
