from collections.abc import Iterable
from datetime import timedelta

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import Engine, event, insert, update

from core.broker.feeding import refill
from core.broker.names import TAGGING_QUEUE, TRAINING_QUEUE
from core.broker.queue import make_celery, queue_length
from core.database.tables import TaggingRequest, TrainingRun
from core.errors import BrokerUnreachable
from core.questions.leases import LOST_AFTER
from core.questions.lifecycle import MAX_ATTEMPTS
from core.questions.training_lock import training_lock
from core.settings import Settings
from tests.conftest import ManualClock, free_port
from tests.models import word_bundle
from tests.rows import (
    find_request,
    predictions,
    publish_live,
    question,
    replace_prediction,
    request_of,
    store_questions,
)
from worker.maintenance import (
    park_failed,
    prune_old_predictions,
    sweep_pending,
    train_first_models,
    train_grown_sites,
)


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return Settings(broker_url=SecretStr(redis_url), lease_seconds=60, min_questions=50)


def test_a_sweep_enqueues_what_an_emptied_redis_has_lost(
    sqlite_engine: Engine, settings: Settings, redis_url: str, clock: ManualClock
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    many = [question(number) for number in range(250)]
    store_questions(sqlite_engine, *many, now=clock.now())
    app = make_celery(settings)
    assert refill(sqlite_engine, app, settings, clock) == 250
    with redis.Redis.from_url(redis_url) as broker:
        broker.flushall()
    assert sweep_pending(sqlite_engine, app, settings, clock) == 0
    clock.sleep(LOST_AFTER.total_seconds() + 1)
    assert sweep_pending(sqlite_engine, app, settings, clock) == 250
    assert queue_length(app, TAGGING_QUEUE) == 3


def test_a_sweep_sends_nothing_twice_that_waits_for_long_in_the_queue(
    sqlite_engine: Engine, settings: Settings, redis_url: str, clock: ManualClock
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    many = [question(number) for number in range(250)]
    store_questions(sqlite_engine, *many, now=clock.now())
    app = make_celery(settings)
    refill(sqlite_engine, app, settings, clock)
    with redis.Redis.from_url(redis_url) as broker:
        broker.rpop(TAGGING_QUEUE)  # the oldest task, of a hundred
        broker.lpush(TAGGING_QUEUE, "no message of ours")
    clock.sleep(LOST_AFTER.total_seconds() + 1)
    assert sweep_pending(sqlite_engine, app, settings, clock) == 100


def test_what_has_failed_too_often_is_parked_and_told(
    sqlite_engine: Engine,
    settings: Settings,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store_questions(sqlite_engine, question(1), question(2), now=clock.now())
    with sqlite_engine.begin() as connection:
        failed = update(TaggingRequest).where(TaggingRequest.question_pk == 1)
        connection.execute(failed.values(attempts=MAX_ATTEMPTS, error="no words"))
    park_failed(sqlite_engine, settings, clock)
    assert request_of(sqlite_engine, 1).parked_at == clock.now()
    assert request_of(sqlite_engine, 2).parked_at is None
    assert "questions that were parked: 1; see: tagger parked list" in caplog.text


@pytest.mark.slow
def test_a_sweep_that_cannot_reach_redis_says_so_and_loses_nothing(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    url = SecretStr(f"redis://:hush-hush@127.0.0.1:{free_port()}/0")
    away = Settings(broker_url=url, lease_seconds=60)
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    store_questions(sqlite_engine, question(1), now=clock.now())
    clock.sleep(61)
    with pytest.raises(BrokerUnreachable, match="TAGGER_BROKER_URL") as raised:
        sweep_pending(sqlite_engine, make_celery(away), away, clock)
    assert "hush-hush" not in str(raised.value)
    assert find_request(sqlite_engine, 1) is not None


def test_old_predictions_of_pruned_models_are_deleted_where_a_setting_says_so(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    bundles = (word_bundle(data_fingerprint=name) for name in ("old", "new"))
    old, new = (publish_live(sqlite_engine, one, now=clock.now()).id for one in bundles)
    (pk,) = store_questions(sqlite_engine, question(1), now=clock.now()).requested
    replace_prediction(sqlite_engine, pk, old, new, now=clock.now())
    for days, deleted in ((None, 0), (11, 0), (9, 1), (9, 0)):
        settings = Settings(keep_predictions_days=days)
        assert prune_old_predictions(sqlite_engine, settings, clock) == deleted
    assert predictions(sqlite_engine) == [(1, new)]


def test_a_site_is_trained_by_itself_once_it_has_questions_enough(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    app = make_celery(settings)
    store_untagged(sqlite_engine, clock, range(49))
    assert train_first_models(sqlite_engine, app, settings, clock) == []
    store_untagged(sqlite_engine, clock, [49])
    assert train_first_models(sqlite_engine, app, settings, clock) == ["stats"]
    assert queue_length(app, TRAINING_QUEUE) == 1
    clock.sleep(timedelta(hours=1).total_seconds())
    assert train_first_models(sqlite_engine, app, settings, clock) == []  # it still waits


def test_a_site_with_a_model_or_a_recent_run_is_not_asked_to_train(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    app = make_celery(settings)
    store_untagged(sqlite_engine, clock, range(50))
    with sqlite_engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(site="stats", started_at=clock.now()))
    assert train_first_models(sqlite_engine, app, settings, clock) == []
    clock.sleep(timedelta(hours=3).total_seconds())
    assert train_first_models(sqlite_engine, app, settings, clock) == ["stats"]
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    assert train_first_models(sqlite_engine, app, settings, clock) == []


def test_which_sites_there_are_is_looked_up_without_reading_all_questions(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    """It is looked up every minute."""
    store_untagged(sqlite_engine, clock, range(50))
    asked: list[str] = []

    def note(_1: object, _2: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(sqlite_engine, "before_cursor_execute", note)
    assert train_first_models(sqlite_engine, make_celery(settings), settings, clock) == ["stats"]
    of_questions = [statement for statement in asked if "FROM questions" in statement]
    assert of_questions
    assert [one for one in of_questions if "LIMIT" not in one and "site = ?" not in one] == []


def test_questions_that_have_not_settled_do_not_count(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    app = make_celery(settings)
    young = [question(number, created_at=clock.now()) for number in range(60)]
    store_questions(sqlite_engine, *young, now=clock.now(), request_tagging=False)
    assert train_first_models(sqlite_engine, app, settings, clock) == []
    clock.sleep(timedelta(days=settings.settle_days).total_seconds())
    assert train_first_models(sqlite_engine, app, settings, clock) == ["stats"]


def test_a_version_that_did_not_pass_the_gate_is_left_to_the_schedule(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    app = make_celery(settings)
    store_untagged(sqlite_engine, clock, range(50))
    ended = insert(TrainingRun).values(
        site="stats", started_at=clock.now(), ended_at=clock.now(), outcome="published"
    )
    with sqlite_engine.begin() as connection:
        connection.execute(ended)
    clock.sleep(timedelta(hours=3).total_seconds())
    assert train_first_models(sqlite_engine, app, settings, clock) == []


def test_a_site_is_trained_again_once_it_has_twice_the_questions_of_its_last_run(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    app = make_celery(settings)
    store_untagged(sqlite_engine, clock, range(119))
    assert train_grown_sites(sqlite_engine, app, settings, clock) == []  # its first is not due here
    run(sqlite_engine, clock, outcome="promoted", questions=20)
    run(sqlite_engine, clock, outcome="promoted", questions=60)
    run(sqlite_engine, clock, outcome="failed", questions=None)  # before it had counted them
    clock.sleep(timedelta(hours=1).total_seconds())
    assert train_grown_sites(sqlite_engine, app, settings, clock) == []
    store_untagged(sqlite_engine, clock, [119])
    assert train_grown_sites(sqlite_engine, app, settings, clock) == ["stats"]
    assert queue_length(app, TRAINING_QUEUE) == 1
    assert train_grown_sites(sqlite_engine, app, settings, clock) == []  # it still waits


def test_a_grown_site_whose_training_fails_is_not_trained_until_it_has_grown_again(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    app = make_celery(settings)
    store_untagged(sqlite_engine, clock, range(120))
    run(sqlite_engine, clock, outcome="promoted", questions=60)
    run(sqlite_engine, clock, outcome="failed", questions=120)
    clock.sleep(timedelta(hours=1).total_seconds())
    assert train_grown_sites(sqlite_engine, app, settings, clock) == []
    store_untagged(sqlite_engine, clock, range(120, 240))
    assert train_grown_sites(sqlite_engine, app, settings, clock) == ["stats"]


def test_a_run_that_was_skipped_is_no_training_to_be_outgrown(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    """As that of each week, for few questions are new."""
    app = make_celery(settings)
    run(sqlite_engine, clock, outcome="promoted", questions=60)
    run(sqlite_engine, clock, outcome="skipped", questions=110)
    clock.sleep(timedelta(hours=1).total_seconds())
    store_untagged(sqlite_engine, clock, range(119))
    assert train_grown_sites(sqlite_engine, app, settings, clock) == []
    store_untagged(sqlite_engine, clock, [119])
    assert train_grown_sites(sqlite_engine, app, settings, clock) == ["stats"]


def test_a_site_whose_model_was_imported_is_trained_once_it_has_questions_enough(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    """Of the schedule's runs each was skipped."""
    app = make_celery(settings)
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    run(sqlite_engine, clock, outcome="skipped", questions=40)
    clock.sleep(timedelta(hours=1).total_seconds())
    store_untagged(sqlite_engine, clock, range(49))
    assert train_grown_sites(sqlite_engine, app, settings, clock) == []
    store_untagged(sqlite_engine, clock, [49])
    assert train_grown_sites(sqlite_engine, app, settings, clock) == ["stats"]


def test_a_grown_site_that_was_skipped_is_not_asked_for_again_and_again(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    """Its questions may be old ones, that a setting has let the training read."""
    app = make_celery(settings)
    store_untagged(sqlite_engine, clock, range(130))
    run(sqlite_engine, clock, outcome="promoted", questions=60)
    run(sqlite_engine, clock, outcome="skipped", questions=120)
    clock.sleep(timedelta(hours=1).total_seconds())
    assert train_grown_sites(sqlite_engine, app, settings, clock) == []


def test_a_grown_site_waits_where_its_training_would_be_refused_or_reads_all_it_may(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    app = make_celery(settings)
    store_untagged(sqlite_engine, clock, range(120))
    run(sqlite_engine, clock, outcome="published", questions=60)
    assert train_grown_sites(sqlite_engine, app, settings, clock) == []  # it has just begun
    clock.sleep(timedelta(hours=1).total_seconds())
    for change in ({"training_questions": 100}, {"min_questions": 500}):
        changed = settings.model_copy(update=change)
        assert train_grown_sites(sqlite_engine, app, changed, clock) == []
    assert train_grown_sites(sqlite_engine, app, settings, clock) == ["stats"]


def test_a_site_is_not_asked_to_train_while_it_is_being_trained(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    """However long ago that run began."""
    app = make_celery(settings)
    store_untagged(sqlite_engine, clock, range(120))
    with training_lock(sqlite_engine, "stats"):
        assert train_first_models(sqlite_engine, app, settings, clock) == []
        run(sqlite_engine, clock, outcome="promoted", questions=60)
        clock.sleep(timedelta(hours=1).total_seconds())
        assert train_grown_sites(sqlite_engine, app, settings, clock) == []
    assert train_grown_sites(sqlite_engine, app, settings, clock) == ["stats"]


def store_untagged(engine: Engine, clock: ManualClock, numbers: Iterable[int]) -> None:
    """Store questions of these numbers, to learn from alone."""
    many = [question(number) for number in numbers]
    store_questions(engine, *many, now=clock.now(), request_tagging=False)


def run(engine: Engine, clock: ManualClock, *, outcome: str | None, questions: int | None) -> None:
    """Record a training that begins now."""
    values = {"site": "stats", "started_at": clock.now(), "outcome": outcome}
    with engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(values | {"questions": questions}))
