"""Two published versions of the word network, and questions that neither has learned from."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from core.database.engine import reading
from core.model.registry import Version, get_version
from core.questions.selection import Selection
from core.questions.store import FetchedQuestion
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import publish, question, store_questions

LEARNED = 60  # the first so many
UNSEEN = 120
SITE = Selection("stats")


def site_questions() -> Iterator[FetchedQuestion]:
    """Each has the tag that its title names; every fifth another one too, which it does not name.

    The words `anova` and `bayesian` stand in every seventh title without being meant.
    """
    start = ManualClock().now() - timedelta(days=365)
    for number in range(1, LEARNED + UNSEEN + 1):
        tag = LABELS[2 + number % 4]
        tags = (tag, "anova") if number % 5 == 0 else (tag,)
        noise = " anova" if number % 7 == 0 else ""
        yield question(
            number,
            f"Question {number} of {tag}{noise}",
            author_tags=tags,
            created_at=start + timedelta(hours=number),
        )


def publish_two(engine: Engine, **changes: object) -> tuple[Version, Version]:
    """Version 1, and version 2, which has other thresholds or whatever is changed."""
    now = ManualClock().now()
    store_questions(engine, *site_questions(), now=now, request_tagging=False)
    until = now - timedelta(days=365) + timedelta(hours=LEARNED)
    own: dict[str, Any] = {"learned_until": until, "hyperparameters": {"epochs": 3}}
    with engine.begin() as connection:
        first = publish(connection, word_bundle(**own), now=now)
        second = publish(connection, word_bundle(**(own | changes)), now=now)
    return first, second


def version(engine: Engine, number: int) -> Version:
    with reading(engine) as connection:
        return get_version(connection, "stats", number)
