from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update

from core.agreement import queue_scores
from core.agreement.label_quality import label_quality, uncertainty
from core.agreement.queue_scores import enter_missing, score_page
from core.database.review_tables import BlockedTag, QueuedQuestion
from core.database.tables import Prediction
from core.questions.lock_order import lock_in_order
from core.questions.review_queue import enter_queue, forget_scores
from core.questions.tags.synonyms import store_synonyms
from tests.conftest import ManualClock
from tests.review.rows import predict_rows

LABELS = ("anova", "r", "t-test")


def scores(engine: Engine) -> list[Any]:
    chosen = select(QueuedQuestion.uncertainty, QueuedQuestion.label_quality)
    with engine.connect() as connection:
        rows = connection.execute(chosen.order_by(QueuedQuestion.question_pk))
        return [(row.uncertainty, row.label_quality) for row in rows]


def score_all(engine: Engine, *, labels: tuple[str, ...] = LABELS, limit: int = 2) -> list[int]:
    pages: list[int] = []
    while not pages or pages[-1]:
        with engine.begin() as connection:
            pages.append(score_page(connection, lambda _: labels, limit=limit))
    return pages


def test_unscored_questions_are_scored_in_pages(engine: Engine, clock: ManualClock) -> None:
    predicted = {number: {"anova": 0.9, "r": number / 10} for number in range(1, 6)}
    authors = {number: ["anova", "r", "new"][: 1 + number % 3] for number in predicted}
    predict_rows(engine, predicted, now=clock.now(), authors=authors)
    assert score_all(engine) == [2, 2, 1, 0]
    expected = [
        (uncertainty(tags.values()), label_quality(authors[number], tags, LABELS))
        for number, tags in predicted.items()
    ]
    np.testing.assert_allclose(scores(engine), expected)


def test_what_is_unset_is_scored_again_and_nothing_else(engine: Engine, clock: ManualClock) -> None:
    keys = predict_rows(engine, {1: {"r": 0.5}, 2: {"r": 0.5}}, now=clock.now())
    score_all(engine)
    with engine.begin() as connection:
        forget_scores(connection, [keys[1]])
    assert score_all(engine) == [1, 0]


def test_where_labels_are_not_known_there_is_no_label_quality(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(engine, {1: {"r": 0.25}}, now=clock.now())
    assert score_all(engine, labels=()) == [1, 0]
    assert scores(engine) == [(0.25, None)]


def test_a_blocked_tag_is_not_disputed(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {1: {"anova": 0.99}}, now=clock.now(), authors={1: ()})
    with engine.begin() as connection:
        blocked = {"site": "stats", "tag": "anova", "reviewer": "ann", "at": clock.now()}
        connection.execute(insert(BlockedTag).values(blocked))
    score_all(engine)
    np.testing.assert_allclose(scores(engine), [(0.01, 1.0)])


def test_a_renamed_tag_is_not_disputed(engine: Engine, clock: ManualClock) -> None:
    predicted = {1: {"anova": 0.99}, 2: {"aov": 0.99, "anova": 0.5}}  # 2 is an older version's
    predict_rows(engine, predicted, now=clock.now(), authors={1: ("aov",), 2: ("anova",)})
    with engine.begin() as connection:
        store_synonyms(connection, "stats", {"aov": "anova"}, now=clock.now())
    score_all(engine, labels=(*LABELS, "aov"))
    quality = label_quality(("anova",), {"anova": 0.99}, LABELS)
    np.testing.assert_allclose(scores(engine), [(0.01, quality)] * 2)


def test_predictions_of_a_worker_that_knows_no_queue_enter_it(
    engine: Engine, clock: ManualClock
) -> None:
    keys = predict_rows(engine, {1: {"r": 0.5}, 2: {"r": 0.5}}, now=clock.now())
    with engine.begin() as connection:
        connection.execute(delete(QueuedQuestion).where(QueuedQuestion.question_pk == keys[2]))
        assert enter_missing(connection, since=clock.now() + timedelta(seconds=1)) == 0
        assert enter_missing(connection, since=clock.now()) == 1
        assert enter_missing(connection, since=clock.now()) == 0
        queued = connection.scalars(select(QueuedQuestion.question_pk)).all()
    assert sorted(queued) == sorted(keys.values())


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer
def test_what_a_worker_enters_while_locks_are_waited_for_stays(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = predict_rows(engine, {1: {"r": 0.5}}, now=clock.now())
    with engine.begin() as connection:
        connection.execute(delete(QueuedQuestion))
    later = clock.now() + timedelta(seconds=9)

    def lock_late(connection: Connection, chosen: Any) -> None:
        with engine.begin() as other:
            other.execute(update(Prediction).values(predicted_at=later))
            version = other.scalar(select(Prediction.model_version_id))
            enter_queue(other, [keys[1]], model_version_id=version or 0, predicted_at=later)
        lock_in_order(connection, chosen)

    monkeypatch.setattr(queue_scores, "lock_in_order", lock_late)
    with engine.begin() as connection:
        assert enter_missing(connection, since=clock.now()) == 0
        assert connection.scalar(select(QueuedQuestion.predicted_at)) == later
