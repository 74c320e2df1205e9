"""What is written of predictions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Engine, delete, event, func, select, update

from core.database.review_tables import QueuedQuestion
from core.database.tables import LikelyTag, Prediction, Question
from core.database.views import PredictedTag
from core.model.predictions import NewPrediction, write_predictions
from core.model.predictor import RankedTag
from core.model.registry import Version
from core.questions.lifecycle import claim
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions, suggested_tags


def write(engine: Engine, clock: ManualClock, version: Version, tags: dict[int, list[str]]) -> None:
    """Store questions and write predictions of them: tags by the site's number."""
    questions = [question(number, f"Version of {clock.now()}") for number in tags]
    stored = store_questions(engine, *questions, now=clock.now())
    with engine.begin() as connection:
        claimed = claim(connection, stored.requested, site="stats", now=clock.now())
        tagged = [
            NewPrediction(
                one.pk, one.content_hash, [RankedTag(tag, 0.9, suggested=True) for tag in own]
            )
            for one, own in zip(claimed, tags.values(), strict=True)
        ]
        write_predictions(connection, tagged, version=version, now=clock.now())


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is sent to the database meanwhile, but for COPY."""
    sent: list[str] = []

    def note(*told: object) -> None:
        sent.append(str(told[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_known_and_new_questions_of_a_batch_end_with_their_newest_tags(
    engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    write(engine, clock, version, {1: ["anova"], 2: ["bayesian", "c++"]})
    clock.sleep(1)
    write(engine, clock, version, {2: ["t-test"], 3: ["regression"], 4: []})
    assert suggested_tags(engine) == {1: {"anova"}, 2: {"t-test"}, 3: {"regression"}}
    with engine.connect() as connection:
        times = connection.scalars(select(Prediction.predicted_at).order_by(Prediction.question_pk))
        first, *later = times
        assert len(later) == 3
        assert set(later) == {clock.now()}
        assert first < clock.now()
        outdated = Prediction.content_hash != Question.content_hash
        joined = select(Question.question_id).join(Prediction).where(outdated)
        assert list(connection.scalars(joined)) == []
        probabilities = connection.scalars(select(PredictedTag.probability).distinct())
        assert list(probabilities) == [0.9]


def test_nothing_is_deleted_where_the_version_has_predicted_nothing(
    engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    with statements(engine) as sent:
        write(engine, clock, version, {number: ["anova"] for number in range(1, 30)})
    assert not [one for one in sent if one.startswith("DELETE FROM predictions")]
    with statements(engine) as sent:
        clock.sleep(1)
        write(engine, clock, version, {1: ["c++"]})
    assert len([one for one in sent if one.startswith("DELETE FROM predictions")]) == 1


def test_what_a_version_has_predicted_is_looked_up_by_question_alone(
    engine: Engine, clock: ManualClock
) -> None:
    """By the version too, Postgres reads all of its predictions while it has no statistics."""
    version = publish_live(engine, word_bundle(), now=clock.now())
    with statements(engine) as sent:
        write(engine, clock, version, {1: ["anova"]})
    (looked_up,) = [one for one in sent if one.startswith("SELECT predictions.question_pk")]
    assert "model_version_id" not in looked_up.partition("WHERE")[2]


def test_nothing_is_counted_anew_of_questions_on_which_nobody_has_decided(
    engine: Engine, clock: ManualClock
) -> None:
    """The UPDATE that counts would read all verdicts and reviews to find that there are none."""
    version = publish_live(engine, word_bundle(), now=clock.now())
    with statements(engine) as sent:
        write(engine, clock, version, {1: ["anova"]})
    assert not [one for one in sent if one.startswith("UPDATE review_queue SET reviews")]


def test_likely_tags_are_those_of_the_predictions_that_stand(
    engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    write(engine, clock, version, {1: ["anova", "r"], 2: ["bayesian"]})
    clock.sleep(1)
    write(engine, clock, version, {1: ["r", "c++"]})
    likely = select(LikelyTag.tag).order_by(LikelyTag.question_pk, LikelyTag.tag)
    with engine.begin() as connection:
        assert list(connection.scalars(likely)) == ["c++", "r", "bayesian"]
        connection.execute(delete(Question).where(Question.question_id == 1))
        assert list(connection.scalars(likely)) == ["bayesian"]


def test_a_prediction_that_was_scored_stays_so_when_it_is_replaced(
    engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    write(engine, clock, version, {1: ["anova"], 2: ["r"]})
    scored = clock.now()
    with engine.begin() as connection:
        first = Prediction.question_pk == select(func.min(Prediction.question_pk)).scalar_subquery()
        connection.execute(update(Prediction).where(first).values(scored_at=scored))
    clock.sleep(1)
    write(engine, clock, version, {1: ["c++"], 2: ["c++"]})
    with engine.connect() as connection:
        times = select(Prediction.scored_at).order_by(Prediction.question_pk)
        assert list(connection.scalars(times)) == [scored, None]


def test_tagging_all_again_takes_no_more_statements_than_tagging_one(
    engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    sizes = []
    for count in (1, 30):
        tags = {number: ["anova"] for number in range(1, count + 1)}
        write(engine, clock, version, tags)
        clock.sleep(1)
        with statements(engine) as sent:
            write(engine, clock, version, tags)
        sizes.append(len([one for one in sent if "predict" in one]))
        clock.sleep(1)
    assert sizes[0] == sizes[1]


def test_a_prediction_and_its_place_in_the_queue_have_one_time_though_the_clock_goes_back(
    engine: Engine, clock: ManualClock
) -> None:
    """By which the queue finds the likely tags."""
    version = publish_live(engine, word_bundle(), now=clock.now())
    write(engine, clock, version, {1: ["anova"]})
    later = clock.now()
    clock.sleep(-60)
    write(engine, clock, version, {1: ["r"]})
    columns = (Prediction.predicted_at, QueuedQuestion.predicted_at, LikelyTag.predicted_at)
    with engine.connect() as connection:
        times = [connection.scalars(select(column)).one() for column in columns]
    assert times == [later - timedelta(seconds=60)] * 3
