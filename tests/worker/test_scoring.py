import logging
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, insert

from core.agreement.live import Scored, daily_agreement, total_agreement
from core.broker.names import TRAINING_QUEUE
from core.broker.queue import make_celery, queue_length
from core.database.tables import Drift, TrainingRun
from core.errors import BrokerUnreachable
from core.questions.store import FetchedQuestion
from core.settings import Settings
from tests.conftest import ManualClock, free_port
from tests.models import LABELS, word_bundle
from tests.rows import live_models, publish_live, question, store_questions
from worker import scoring
from worker.scoring import score_and_look, score_queue
from worker.tagging import tag_batch

A_DAY = 20
METRICS = {
    "agreement_questions": 1000,
    "agreement_precision_at_1": 0.75,
    "agreement_recall_at_5": 0.95,
}


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return Settings(broker_url=SecretStr(redis_url), settle_days=1)


def of_the_site(number: int) -> FetchedQuestion:
    """A question whose title names its author's tag three times out of four."""
    tag = LABELS[number % len(LABELS)]
    title = f"About {tag}" if number % 4 else "About something else"
    return question(number, title, author_tags=(tag,))


def of_another_site(number: int) -> FetchedQuestion:
    """A question about what the model has never heard of."""
    return question(number, f"How to bake bread {number}", author_tags=("bread", "baking"))


def let_days_pass(
    engine: Engine,
    settings: Settings,
    clock: ManualClock,
    arriving: list[FetchedQuestion],
) -> None:
    """Tag some questions each day, and look every third hour."""
    app, models = make_celery(settings), live_models(engine)
    for start in range(0, len(arriving), A_DAY):
        stored = store_questions(engine, *arriving[start : start + A_DAY], now=clock.now())
        tag_batch(engine, models, "stats", stored.requested, clock)
        for _ in range(8):
            clock.sleep(timedelta(hours=3).total_seconds())
            score_and_look(engine, app, settings, clock)


@pytest.mark.slow
def test_questions_of_another_site_are_reported_once_and_ask_for_one_training(
    engine: Engine, settings: Settings, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    publish_live(engine, word_bundle(metrics=METRICS), now=clock.now())
    let_days_pass(engine, settings, clock, [of_the_site(number) for number in range(400)])
    assert drift_warnings(caplog) == []
    let_days_pass(engine, settings, clock, [of_another_site(number) for number in range(400, 500)])
    (warning,) = drift_warnings(caplog)
    assert "stats: model version 1 drifts: precision@1" in warning
    assert queue_length(make_celery(settings), TRAINING_QUEUE) == 1


def drift_warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = [record for record in caplog.records if record.name == scoring.__name__]
    return [record.getMessage() for record in records if record.levelno == logging.WARNING]


def found_drift(engine: Engine, clock: ManualClock) -> None:
    """A live version whose drift is known since an hour ago."""
    version = publish_live(engine, word_bundle(), now=clock.now())
    with engine.begin() as connection:
        drift = {"model_version_id": version.id, "found_at": clock.now(), "description": ""}
        connection.execute(insert(Drift).values(drift))
    clock.sleep(timedelta(hours=1).total_seconds())


def test_training_is_asked_for_until_a_run_has_begun(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    app = make_celery(settings)
    found_drift(sqlite_engine, clock)
    score_and_look(sqlite_engine, app, settings, clock)
    score_and_look(sqlite_engine, app, settings, clock)
    assert queue_length(app, TRAINING_QUEUE) == 1
    drain(settings)  # Redis has lost it
    score_and_look(sqlite_engine, app, settings, clock)
    assert queue_length(app, TRAINING_QUEUE) == 1
    drain(settings)  # the trainer has taken it
    with sqlite_engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(site="stats", started_at=clock.now()))
    score_and_look(sqlite_engine, app, settings, clock)
    assert queue_length(app, TRAINING_QUEUE) == 0


def drain(settings: Settings) -> None:
    with make_celery(settings).connection_for_write() as connection:
        connection.default_channel.client.delete(TRAINING_QUEUE)


def test_no_training_is_asked_for_where_the_setting_says_so(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    found_drift(sqlite_engine, clock)
    app = make_celery(settings)
    quiet = settings.model_copy(update={"retrain_on_drift": False})
    score_and_look(sqlite_engine, app, quiet, clock)
    assert queue_length(app, TRAINING_QUEUE) == 0


@pytest.mark.slow
def test_a_broker_that_is_away_keeps_nothing_from_being_scored(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    url = SecretStr(f"redis://127.0.0.1:{free_port()}/0")
    away = Settings(broker_url=url, settle_days=0)
    found_drift(sqlite_engine, clock)
    stored = store_questions(sqlite_engine, of_the_site(1), now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    clock.sleep(1)
    with pytest.raises(BrokerUnreachable):
        score_and_look(sqlite_engine, make_celery(away), away, clock)
    with sqlite_engine.connect() as connection:
        assert total_agreement(daily_agreement(connection)).questions == 1


def test_many_settled_predictions_are_scored_page_by_page_and_the_rest_by_the_next_look(
    sqlite_engine: Engine,
    settings: Settings,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scoring, "MOST_PAGES", 2)
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, *map(of_the_site, range(1100)), now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    clock.sleep(timedelta(days=2).total_seconds())
    app = make_celery(settings)
    assert score_and_look(sqlite_engine, app, settings, clock) == Scored(1000)
    assert score_and_look(sqlite_engine, app, settings, clock) == Scored(100)


def test_the_queue_of_the_review_is_scored_page_by_page(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, *map(of_the_site, range(1100)), now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    monkeypatch.setattr(scoring, "MOST_PAGES", 2)
    looks = [score_queue(sqlite_engine, lambda _: LABELS, clock) for _ in range(3)]
    assert looks == [1000, 100, 0]
