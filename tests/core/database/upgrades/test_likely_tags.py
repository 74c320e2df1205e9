"""Likely tags have the time of their prediction from revision 0031 on, with rows of before."""

from datetime import timedelta

from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.engine import Row

from core.database.migrate import upgrade
from core.database.review_tables import QueuedQuestion
from core.database.tables import LikelyTag, Prediction, Question
from tests.conftest import ManualClock
from tests.database_of_before import migrate_to
from tests.models import word_bundle
from tests.review.rows import predict_rows
from tests.rows import publish_live, question, store_questions

OF_BEFORE = "SELECT tag, question_pk FROM likely_tags ORDER BY question_pk, tag"


def likely(engine: Engine) -> list[Row[*tuple[object, ...]]]:
    columns = (LikelyTag.tag, LikelyTag.question_pk, LikelyTag.predicted_at)
    with engine.connect() as connection:
        return [
            *connection.execute(select(*columns).order_by(LikelyTag.question_pk, LikelyTag.tag))
        ]


def test_rows_of_before_get_their_times_and_lose_them_again(
    engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    given = [question(number) for number in (1, 2, 3)]
    first, second, third = store_questions(engine, *given, now=clock.now()).requested
    at = clock.now()

    def predict(pk: int, *tags: str, suggested: int = 1) -> None:
        shares = [0.31 / (place + 1) for place in range(len(tags))]
        row = {"question_pk": pk, "model_version_id": version.id, "content_hash": "0"}
        row |= {"predicted_at": at + timedelta(microseconds=pk), "tags": [*tags]}
        row |= {"probabilities": shares, "suggested_count": suggested}
        with engine.begin() as connection:
            connection.execute(insert(Prediction), [row])

    predict(first, "a", "b", "c", "d")
    predict(second, "z", "y", "x", "w", "v", suggested=5)
    before = likely(engine)
    assert [row.tag for row in before] == [*"abc", *"vwxyz"]
    migrate_to(engine, "0030")
    with engine.connect() as connection:
        assert connection.execute(text(OF_BEFORE)).all() == [row[:2] for row in before]
    predict(third, "a")  # as a worker does meanwhile
    with engine.begin() as connection:
        connection.execute(delete(Prediction).where(Prediction.question_pk == second))
        assert connection.execute(text(OF_BEFORE)).all()[3:] == [("a", third)]
    upgrade(engine)
    assert likely(engine) == [*before[:3], ("a", third, at + timedelta(microseconds=third))]
    with engine.begin() as connection:
        connection.execute(delete(Question).where(Question.id == first))
    assert [row.question_pk for row in likely(engine)] == [third]


def test_the_queue_gets_the_time_of_a_prediction_made_while_the_clock_was_back(
    engine: Engine, clock: ManualClock
) -> None:
    keys = predict_rows(engine, {1: {"r": 0.9}, 2: {"r": 0.9}}, now=clock.now())
    migrate_to(engine, "0030")
    late = clock.now() + timedelta(seconds=2)
    with engine.begin() as connection:
        of_first = QueuedQuestion.question_pk == keys[1]
        connection.execute(
            update(QueuedQuestion).where(of_first).values(predicted_at=late, uncertainty=0.5)
        )
    upgrade(engine)
    with engine.connect() as connection:
        queued = select(QueuedQuestion.predicted_at, QueuedQuestion.uncertainty)
        assert connection.execute(queued).all() == [(clock.now(), None)] * 2
