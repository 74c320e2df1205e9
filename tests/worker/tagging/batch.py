"""A batch of questions that tests of tagging arrange."""

from sqlalchemy import Engine

from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions


def store_many(engine: Engine, clock: ManualClock, count: int) -> tuple[int, ...]:
    """Store so many questions, all for one batch, of a site with a live model."""
    publish_live(engine, word_bundle(), now=clock.now())
    many = [question(number, "Anova") for number in range(1, count + 1)]
    return store_questions(engine, *many, now=clock.now()).requested
