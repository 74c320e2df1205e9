from datetime import datetime, timedelta

from sqlalchemy import Engine, insert

from core.database.engine import reading
from core.database.tables import TrainingRun
from core.questions.verdicts import Decided
from review.decisions.save import Asked, Decision, save
from review.measures.progress import count_verdicts_since_training, describe_last_training
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def train(engine: Engine, at: datetime, outcome: str = "promoted") -> None:
    with engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(site="stats", started_at=at, outcome=outcome))


def decide(
    engine: Engine,
    clock: ManualClock,
    number: int,
    verdicts: dict[str, Decided],
    reviewer: str = "ann",
) -> None:
    asked = Asked(reviewer, f"{number} {clock.now()}", "stats", number, clock.now())
    with engine.begin() as connection:
        save(connection, asked, Decision(verdicts=verdicts))
    clock.sleep(60)


def test_verdicts_wait_for_the_next_training_that_then_learns_them(
    engine: Engine, clock: ManualClock
) -> None:
    authors = {number: ["r"] for number in range(1, 5)}
    predict_rows(engine, {number: {} for number in authors}, now=clock.now(), authors=authors)

    def told() -> tuple[int, tuple[int, ...] | None]:
        with reading(engine) as connection:
            last = describe_last_training(connection, "stats")
            changes = None
            if last is not None:
                changed = (last.questions, last.corrected_questions)
                changes = (*changed, last.added_tags, last.removed_tags)
            return count_verdicts_since_training(connection, "stats"), changes

    decide(engine, clock, 1, {"r": "rejected", "anova": "added"})
    assert told() == (2, None)
    train(engine, clock.now())
    clock.sleep(60)
    assert told() == (0, (1, 1, 1, 1))
    decide(engine, clock, 2, {"r": "accepted"})
    decide(engine, clock, 3, {"r": "accepted", "t-test": "added"})
    train(engine, clock.now(), "failed")
    train(engine, clock.now(), "skipped")
    assert told() == (3, (1, 1, 1, 1))
    train(engine, clock.now(), "published")
    assert told() == (0, (2, 1, 1, 0))
    clock.sleep(timedelta(days=1).total_seconds())
    decide(engine, clock, 4, {"r": "accepted"})
    assert told() == (1, (2, 1, 1, 0))


def test_what_was_said_before_counts_with_what_is_said_anew(
    engine: Engine, clock: ManualClock
) -> None:
    authors = {1: ["r"], 2: ["r"]}
    predict_rows(engine, {1: {}, 2: {}}, now=clock.now(), authors=authors)
    decide(engine, clock, 1, {"r": "accepted", "anova": "added"})
    decide(engine, clock, 2, {"r": "rejected"})
    train(engine, clock.now())
    clock.sleep(60)
    decide(engine, clock, 1, {"r": "rejected"}, "bob")  # one against one: the author's tag stays
    train(engine, clock.now())
    with reading(engine) as connection:
        last = describe_last_training(connection, "stats")
    assert last is not None
    assert (last.questions, last.corrected_questions) == (1, 0)
    assert (last.added_tags, last.removed_tags) == (0, 0)  # anova was learned before
    clock.sleep(60)
    decide(engine, clock, 1, {"r": "rejected"}, "eve")
    train(engine, clock.now())
    with reading(engine) as connection:
        last = describe_last_training(connection, "stats")
    assert last is not None
    assert (last.questions, last.removed_tags) == (1, 1)
