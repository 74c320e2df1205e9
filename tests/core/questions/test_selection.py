from datetime import datetime, timedelta

from sqlalchemy import Engine, insert

from core.database.review_tables import Verdict
from core.questions.selection import (
    Selection,
    count_tagged,
    count_trainable,
    training_selection,
)
from core.questions.store import FetchedQuestion
from core.settings import Settings
from tests.conftest import ManualClock
from tests.rows import question, row, store_questions


def count(engine: Engine, selection: Selection) -> int:
    with engine.connect() as connection:
        return count_tagged(connection, selection)


def say(engine: Engine, number: int, tag: str, verdict: str, *, now: datetime) -> None:
    said = {"question_pk": row(engine, number).id, "tag": tag, "verdict": verdict}
    with engine.begin() as connection:
        connection.execute(insert(Verdict).values(**said, reviewer="Ann", site="stats", at=now))


def kinds(now: datetime) -> list[FetchedQuestion]:
    """Questions of every kind that counts or does not: young, old, undated, untagged."""
    old, young = now - timedelta(days=10), now - timedelta(days=1)
    return [
        *(question(number, created_at=old) for number in range(1, 6)),
        question(6),
        question(7, created_at=old, author_tags=()),
        question(8, created_at=young),
        question(9, created_at=old, site="cooking"),
    ]


def test_tagged_questions_that_have_settled_are_counted(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    store_questions(engine, *kinds(now), now=now)
    settled = training_selection("stats", now=now, settle=timedelta(days=3), newest=100)
    assert count(engine, settled) == 6
    assert count(engine, Selection("stats")) == 7
    assert count(engine, training_selection("stats", now=now, settle=timedelta(3), newest=3)) == 2


def test_verdicts_give_a_question_its_tags_and_take_them(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    store_questions(engine, question(1), question(2), question(3, author_tags=()), now=now)
    say(engine, 1, "regression", "rejected", now=now)
    say(engine, 2, "regression", "accepted", now=now)
    assert count(engine, Selection("stats")) == 1
    say(engine, 3, "anova", "added", now=now)
    assert count(engine, Selection("stats")) == 2


def test_the_settings_say_what_a_training_run_would_have(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    store_questions(engine, *kinds(now), now=now)
    with engine.connect() as connection:
        counts = [
            count_trainable(connection, "stats", Settings(settle_days=days), now=now)
            for days in (0, 3, 20)
        ]
    assert counts == [7, 6, 1]
