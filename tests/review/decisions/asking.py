"""Asks for the next question as a page does, and decides it."""

import random
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select

from core.database.tables import Question
from core.questions.verdicts import Decided
from review.decisions.filters import Order, QueueFilter
from review.decisions.queue import next_question
from review.decisions.save import Asked, Decision, save, skip
from review.decisions.walk import Asking
from tests.conftest import ManualClock


def asking(
    clock: ManualClock,
    order: Order = "newest",
    *,
    reviewer: str = "ann",
    skip_ids: tuple[int, ...] = (),
    **chosen: Any,
) -> Asking:
    """A request, of which `skip_ids` are numbers of the site stats."""
    skipped = tuple(("stats", number) for number in skip_ids)
    return Asking(reviewer, order, QueueFilter(**chosen), skipped, clock.now())


def number_of(engine: Engine, pk: int) -> int:
    with engine.connect() as connection:
        return connection.execute(
            select(Question.question_id).where(Question.id == pk)
        ).scalar_one()


def following(engine: Engine, clock: ManualClock, order: Order = "newest", **given: Any) -> int:
    """The number of the next question, or 0."""
    found = next_question(engine, asking(clock, order, **given), random.Random(7))
    return number_of(engine, found.pk) if found else 0


def act(
    engine: Engine,
    clock: ManualClock,
    number: int,
    *,
    reviewer: str = "ann",
    verdicts: Mapping[str, Decided] | None = None,
) -> None:
    """Save, or skip where there are no verdicts."""
    asked = Asked(reviewer, uuid.uuid4().hex, "stats", number, clock.now())
    with engine.begin() as connection:
        if verdicts is None:
            skip(connection, asked)
        else:
            save(connection, asked, Decision(verdicts=verdicts))


def all_of(engine: Engine, clock: ManualClock, order: Order = "newest", **given: Any) -> list[int]:
    """Go through the queue, asking as a page does that shows one after another."""
    seen: list[int] = []
    while number := following(engine, clock, order, skip_ids=tuple(seen), **given):
        seen.append(number)
    return seen
