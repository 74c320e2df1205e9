from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert

from core.agreement.live import score_settled
from core.database.api_tables import ApiClient, FeedRow
from core.database.backup.tables import Backup
from core.database.engine import reading
from core.database.tables import Drift, KilledProcess, ModelVersion, TrainingRun
from core.questions.gone import mark_deleted
from core.settings import Settings
from review.metrics.figures import read_figures
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import give_signs, live_models, publish_live, question, store_questions
from worker.tagging import tag_batch

Figures = dict[tuple[str, ...], float]


def figures(engine: Engine, clock: ManualClock) -> Figures:
    """Values by name and labels."""
    with reading(engine) as connection:
        found = read_figures(connection, Settings(sites=("stats",)), now=clock.now())
    return {(sample.name.removeprefix("tagger_"), *sample.labels): sample.value for sample in found}


@pytest.fixture
def tagged(engine: Engine, clock: ManualClock) -> Engine:
    """Two questions were tagged an hour and a half ago; one waits since ten minutes."""
    publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(engine, question(1), question(2), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    clock.sleep(80 * 60)
    store_questions(engine, question(3), now=clock.now())
    clock.sleep(10 * 60)
    return engine


def test_questions_and_predictions_are_counted_by_site(tagged: Engine, clock: ManualClock) -> None:
    found = figures(tagged, clock)
    assert found["questions", "stats"] == 3
    assert found["questions_tagged", "stats"] == 2
    assert found["questions_pending", "stats"] == 1
    assert found["questions_parked", "stats"] == 0
    assert found["oldest_pending_age_seconds", "stats"] == 600
    assert found["predictions_last_hour", "stats"] == 0
    assert found["predictions_last_day", "stats"] == 2
    assert found["live_version", "stats"] == 1
    assert found["review_queue", "stats", "open"] == 2
    assert found["drift", "stats"] == 0


def test_of_each_part_the_newest_sign_counts(engine: Engine, clock: ManualClock) -> None:
    told = {"tagging@a": 9_000, "tagging@b": 20, "scheduler@a": 400}
    give_signs(engine, told, now=clock.now())
    found = figures(engine, clock)
    assert found["last_sign_age_seconds", "tagging"] == 20
    assert found["last_sign_age_seconds", "scheduler"] == 400
    assert ("last_sign_age_seconds", "training") not in found


def test_the_last_backup_is_told_and_whether_one_failed_since(
    engine: Engine, clock: ManualClock
) -> None:
    assert not any(name.startswith("backup") for name, *_ in figures(engine, clock))
    taken = {"at": clock.now(), "folder": "/backups", "file": "a", "size": 5}
    with engine.begin() as connection:
        connection.execute(insert(Backup).values(taken))
    found = figures(engine, clock)
    assert found["backup_timestamp_seconds",] == clock.now().timestamp()
    assert (found["backup_bytes",], found["backup_failed",]) == (5, 0)
    failed = {"at": clock.now() + timedelta(days=1), "folder": "/backups", "error": "full"}
    with engine.begin() as connection:
        connection.execute(insert(Backup).values(failed))
    assert figures(engine, clock)["backup_failed",] == 1


def test_deleted_questions_are_not_counted_in_the_queue(tagged: Engine, clock: ManualClock) -> None:
    with tagged.begin() as connection:
        mark_deleted(connection, site="stats", question_ids=[1], now=clock.now())
    found = figures(tagged, clock)
    assert found["review_queue", "stats", "open"] == 1
    assert found["review_queue", "stats", "conflicting"] == 0


def test_agreement_and_drift_are_the_live_versions(tagged: Engine, clock: ManualClock) -> None:
    clock.sleep(4 * 86_400)
    with tagged.begin() as connection:
        score_settled(connection, now=clock.now(), settle=timedelta(days=1))
        live = connection.execute(ModelVersion.__table__.select()).one().id
        drift = {"model_version_id": live, "found_at": clock.now(), "description": "worse"}
        connection.execute(insert(Drift).values(drift))
    found = figures(tagged, clock)
    assert found["live_agreement_questions", "stats"] == 2
    assert found["live_agreement_precision_at_1", "stats"] == 1
    assert found["drift", "stats"] == 1


def test_feeds_quota_and_killed_processes_are_told(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    with engine.begin() as connection:
        feed = {"site": "stats", "feed": "live", "last_success": now, "failures": 2, "fetched": 9}
        connection.execute(insert(FeedRow).values(feed))
        client = {"client": "api.example anonymous", "quota_max": 300, "quota_remaining": 12}
        connection.execute(insert(ApiClient).values(client | {"quota_at": now}))
        killed = {"worker": "tagging@a", "at": now, "questions": 1}
        connection.execute(insert(KilledProcess).values(killed))
    found = figures(engine, clock)
    assert found["feed_failures", "stats", "live"] == 2
    assert found["feed_last_success_timestamp_seconds", "stats", "live"] == now.timestamp()
    assert ("feed_mark_timestamp_seconds", "stats", "live") not in found
    assert found["api_quota_remaining", "api.example anonymous"] == 12
    assert found["killed_processes_last_day",] == 1


def test_a_site_that_is_neither_polled_nor_trained_any_more_alarms_nobody(
    engine: Engine, clock: ManualClock
) -> None:
    long_ago = clock.now() - timedelta(days=40)
    store_questions(engine, question(1, site="retired"), now=long_ago, request_tagging=False)
    run = {"started_at": long_ago, "ended_at": long_ago, "outcome": "failed"}
    with engine.begin() as connection:
        for site in ("stats", "retired"):
            feed = {"site": site, "feed": "live", "last_success": long_ago, "failures": 9}
            connection.execute(insert(FeedRow).values(feed))
            connection.execute(insert(TrainingRun).values(run | {"site": site}))
    alarming = ("feed_last_success_timestamp_seconds", "feed_failures", "training_last_failed")
    found = {labels[:2] for labels in figures(engine, clock) if labels[0] in alarming}
    assert found == {(name, "stats") for name in alarming}


def test_training_runs_are_counted_by_outcome(engine: Engine, clock: ManualClock) -> None:
    began = clock.now()
    with engine.begin() as connection:
        for outcome in ("promoted", "failed"):
            clock.sleep(60)
            run = {"site": "stats", "started_at": began, "ended_at": clock.now()}
            connection.execute(insert(TrainingRun).values(run | {"outcome": outcome}))
    store_questions(engine, question(1), now=began)
    found = figures(engine, clock)
    assert found["training_runs", "stats", "promoted"] == 1
    assert found["training_runs", "stats", "failed"] == 1
    assert found["training_runs", "stats", "skipped"] == 0
    assert found["training_last_failed", "stats"] == 1
    assert found["training_running", "stats"] == 0
    success = began + timedelta(minutes=1)
    assert found["training_last_success_timestamp_seconds", "stats"] == success.timestamp()
