from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import Engine, insert

from core.broker.queue import asking, make_celery
from core.database.api_tables import FeedRow
from core.database.engine import reading
from core.database.tables import TrainingRun
from core.questions.selection import training_selection
from core.questions.time_order import Seen
from core.questions.training_lock import DIED, training_lock
from core.service.feeds import feed_status
from core.service.health import find_troubles
from core.service.status import running_workers, site_statuses
from core.settings import Settings
from ops.status_view import feeds_table, sites_table
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import live_models, publish_live, question, store_questions
from trainer.data.stored import survey
from trainer.options import TrainingOptions
from trainer.train import reason_to_skip
from worker.maintenance import train_first_models
from worker.tagging import tag_batch


def shown(*parts: object) -> str:
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    return capture.get()


def test_the_status_counts_what_is_stored_tagged_and_pending(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(engine, *map(question, range(5)), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested[:3], clock)
    store_questions(engine, question(9), now=clock.now(), request_tagging=False)
    with engine.connect() as connection:
        (site,) = site_statuses(connection, Settings(), now=clock.now())
    assert (site.questions, site.tagged, site.pending, site.parked) == (6, 3, 2, 0)
    assert site.oldest_pending == clock.now()
    assert site.live is not None
    assert site.live.version == 1


def test_what_can_be_learned_from_is_counted_where_no_model_is(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(1), now=clock.now())
    with engine.connect() as connection:
        sites = site_statuses(connection, Settings(sites=("cooking",)), now=clock.now())
    assert {site.site: site.trainable for site in sites} == {"cooking": 0, "stats": 1}


@pytest.mark.parametrize(
    ("author_tags", "days_old", "enough"),
    [(("regression",), 4, True), ((), 4, False), (("regression",), 1, False)],
    ids=["tagged and settled", "untagged", "young"],
)
def test_status_scheduler_and_trainer_agree_on_what_is_enough_to_train(
    sqlite_engine: Engine,
    clock: ManualClock,
    redis_url: str,
    author_tags: tuple[str, ...],
    days_old: int,
    *,
    enough: bool,
) -> None:
    settings = Settings(broker_url=SecretStr(redis_url), min_questions=50)
    old, born = clock.now() - timedelta(days=9), clock.now() - timedelta(days=days_old)
    good = [question(number, created_at=old) for number in range(49)]
    last = question(49, created_at=born, author_tags=author_tags)
    store_questions(sqlite_engine, *good, last, now=clock.now(), request_tagging=False)
    with sqlite_engine.connect() as connection:
        sites = site_statuses(connection, settings, now=clock.now())
        options = TrainingOptions.of(settings, new_questions=1)
        selection = training_selection(
            "stats", now=clock.now(), settle=options.settle, newest=options.most_questions
        )
        data = survey(connection, selection, seen=Seen())
    table = shown(sites_table(sites, settings, now=clock.now()))
    app = make_celery(settings)
    assert ("the trainer makes one" in table) == enough
    assert ("with 1 more settled questions" in table) != enough
    assert train_first_models(sqlite_engine, app, settings, clock) == ["stats"] * enough
    assert (reason_to_skip(None, data, options) is None) == enough


def test_a_training_whose_process_is_gone_runs_no_more(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(site="stats", started_at=clock.now()))
    with training_lock(engine, "stats"):
        assert _last_trainings(engine, clock) == [(None, None)]
    assert _last_trainings(engine, clock) == [("failed", DIED)]


def _last_trainings(engine: Engine, clock: ManualClock) -> list[tuple[str | None, str | None]]:
    with reading(engine) as connection:
        sites = site_statuses(connection, Settings(sites=("stats",)), now=clock.now())
        runs = [site.last_training for site in sites]
        return [(run.outcome, run.error) for run in runs if run is not None]


def test_a_failed_training_is_told_of_sites_that_the_service_trains(
    engine: Engine, clock: ManualClock
) -> None:
    failed = {"started_at": clock.now(), "ended_at": clock.now(), "outcome": "failed"}
    for site in ("cooking", "retired"):
        store_questions(engine, question(1, site=site), now=clock.now(), request_tagging=False)
    with engine.begin() as connection:
        for site in ("stats", "cooking", "retired"):
            connection.execute(insert(TrainingRun).values(failed | {"site": site}))
    publish_live(engine, word_bundle(site="cooking"), now=clock.now())

    def told(settings: Settings) -> set[str]:
        given: dict[str, Any] = {"feeds": [], "parts": [], "further": [], "broker_error": None}
        with reading(engine) as connection:
            sites = site_statuses(connection, settings, now=clock.now())
        found = find_troubles(sites=sites, **given, now=clock.now())
        return {
            trouble.what.split(":")[0] for trouble in found if "training failed" in trouble.what
        }

    assert told(Settings(sites=("stats",))) == {"stats", "cooking"}
    assert told(Settings()) == {"stats", "cooking", "retired"}


def test_a_failed_training_and_a_failing_feed_are_told_with_their_reasons(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    run = {"site": "stats", "started_at": now, "ended_at": now, "outcome": "failed"}
    feed = {"site": "stats", "feed": "live", "failures": 2, "last_error_at": now}
    retry = {"retry_at": now + timedelta(minutes=5)}
    with engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(**run, error="too few tags"))
        connection.execute(insert(FeedRow).values(**feed, **retry, last_error="no connection"))
        sites = site_statuses(connection, Settings(), now=now)
        feeds = feed_status(connection, polled="unanswered", now=now)
    troubles = find_troubles(
        sites=sites,
        feeds=feeds,
        parts=[],
        further=[],
        broker_error=None,
        now=now,
    )
    told = [trouble.what for trouble in troubles]
    assert "stats: the last training failed: too few tags" in told
    assert (
        "stats, feed live: without an answer since its start, after 2 tries: no connection" in told
    )
    assert "next try 2026-01-01 00:05" in shown(feeds_table(feeds, now=now))


@pytest.mark.slow
def test_asking_who_runs_leaves_no_late_answer_to_others(redis_url: str) -> None:
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    for _ in range(3):
        assert running_workers(app, seconds=0.1) == []
        with asking(app) as connection:
            seconds, _ = connection.default_channel.client.time()
        assert seconds > 1_700_000_000
