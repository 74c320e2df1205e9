"""The API that a run polls: questions without end, late, edited, and some of them spoilt.

Which they are follows from the moment of its start and a seed, so the suite knows without asking.
"""

import argparse
import logging
from typing import Final

from core.questions.store import FetchedQuestion
from demo.standin.api import StandIn
from demo.standin.faults import Failure, Faults, ItemFault
from demo.standin.limits import Limits
from demo.standin.server import StandInServer, run
from demo.standin.timeline import Life, Release, site_of
from tests.models import LABELS

SITE: Final = "stats"
FIRST: Final = 1_000_000  # numbers below are those that the suite itself stores
# Each poll meets a question that is newer than the last one's, or it would be the same request
# once more, which waits for its minute; and all that a poll reads again is one page.
PER_MINUTE: Final = 30.0
DELAY: Final = 2.0  # seconds by which a question appears late, at most
POLL_SECONDS: Final = 5
MOST: Final = 10_000  # questions: of hours
EDITED_WITHIN: Final = 30.0
# What the API shows for good, or puts right in another answer.
SPOILS: Final = tuple(fault for fault in ItemFault if fault is not ItemFault.HUGE_BODY)


def tag_of(number: int) -> str:
    """The one tag that the word network gives a question of the run."""
    return LABELS[number % len(LABELS)]


def question_of(number: int) -> FetchedQuestion:
    """A question whose tag stands in its title."""
    return FetchedQuestion(
        site=SITE,
        question_id=number,
        title=f"About {tag_of(number)}",
        body=f"<p>Question {number} asks for nothing else.</p>" + "<p>Words and words.</p>" * 100,
        author_tags=(tag_of(number),),
        link=f"https://stats.stackexchange.com/questions/{number}",
    )


def make_api(*, began: float, seed: int, fails: bool = False, most: int = MOST) -> StandIn:
    """The API as it begins at a moment.

    Args:
        began: in epoch seconds.
        seed: of all that is left to chance.
        fails: whether each answer is none.
        most: how many questions there are.
    """
    release = Release(history_share=0.0, per_minute=PER_MINUTE, delay=DELAY)
    questions = [question_of(FIRST + number) for number in range(most)]
    life = Life(within=EDITED_WITHIN, edited=0.05)
    site = site_of(SITE, questions, start=began, release=release, life=life, seed=seed)
    faults = Faults(
        seed=seed,
        failures={Failure.SERVER_ERROR: 1.0} if fails else {Failure.NO_ENCODING: 0.05},
        backoff=0.05,
        backoff_seconds=(1, 2),
        broken_items=0.005,
        item_faults=SPOILS,
    )
    limits = Limits(quota_with_key=5_000_000)
    return StandIn([site], start=began, faults=faults, limits=limits)


def shown(standin: StandIn, now: float) -> set[int]:
    """The questions that the API shows by a moment."""
    standin.advance(now)
    questions = standin.sites[SITE].questions.values()
    return {question.question_id for question in questions if question.visible}


def main() -> None:
    """Serve until told to stop."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--began", type=float, required=True)
    asked.add_argument("--seed", type=int, required=True)
    asked.add_argument("--fails", action="store_true")
    given = asked.parse_args()
    logging.basicConfig(level=logging.WARNING)
    standin = make_api(began=given.began, seed=given.seed, fails=given.fails)
    run(StandInServer(standin, port=given.port))


if __name__ == "__main__":
    main()
