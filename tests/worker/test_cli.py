"""The worker's commands."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, insert, update
from typer.testing import CliRunner, Result

import tagger
from core.broker.names import TAGGING_QUEUE
from core.broker.queue import make_celery, queue_length
from core.clock import SystemClock
from core.database.review_tables import BlockedTag
from core.database.tables import TaggingRequest
from core.questions.tags.synonyms import store_synonyms
from core.settings import Settings
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.processes import environment, run_tagger
from tests.rows import publish_live, question, request_of, store_questions


@pytest.fixture
def parked(
    sqlite_engine: Engine, sqlite_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    """A database of which the commands' settings say, with two questions that are parked."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    store_questions(sqlite_engine, question(1, "A \x1b[2Jtitle"), question(2), now=clock.now())
    with sqlite_engine.begin() as connection:
        connection.execute(
            update(TaggingRequest).values(
                parked_at=clock.now(), attempts=3, error="It is too long."
            )
        )
    return sqlite_engine


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(tagger.make_app(), arguments)


def parked_numbers(engine: Engine) -> list[int]:
    return [number for number in (1, 2) if request_of(engine, number).parked_at is not None]


@pytest.mark.parametrize("queues", ["", ",", "tagging,soup"])
def test_a_worker_of_no_such_queue_is_wrong_usage(queues: str) -> None:
    assert run("worker", "--queues", queues).exit_code == 2


@pytest.mark.usefixtures("wide_terminal")
def test_parked_questions_are_listed_with_their_errors(parked: Engine) -> None:
    said = run("parked", "list").stdout
    assert "It is too long." in said
    assert "2026-01-01 00:00" in said
    assert "\x1b" not in said
    run("parked", "release")
    assert parked_numbers(parked) == []
    assert run("parked", "list").stdout == "No question is parked.\n"


def test_one_parked_question_is_released_by_its_site_and_number(parked: Engine) -> None:
    assert run("parked", "release", "--question", "1").exit_code == 2  # of which site?
    unknown = run("parked", "release", "--site", "stats", "--question", "3")
    assert unknown.exit_code == 1
    assert "No question 3 of stats is parked" in unknown.stderr
    assert parked_numbers(parked) == [1, 2]
    released = run("parked", "release", "--site", "stats", "--question", "1")
    assert released.stdout == "Questions that are released: 1.\n"
    assert parked_numbers(parked) == [2]


@pytest.mark.slow
def test_tag_asks_for_stored_questions_and_suggest_answers_at_once(
    sqlite_engine: Engine, sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    env = environment(
        database_url=sqlite_url, broker_url=redis_url, data_dir=tmp_path, sites="stats"
    )
    missing = run_tagger("tag", "--site", "stats", env=env)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "tagger train --site stats" in missing.stderr
    publish_live(sqlite_engine, word_bundle(), now=SystemClock().now())
    store_questions(sqlite_engine, question(1), now=SystemClock().now(), request_tagging=False)
    asked = run_tagger("tag", "--site", "stats", env=env)
    assert "Questions of stats that are pending now: 1." in asked.stdout
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    assert queue_length(app, TAGGING_QUEUE) == 1
    said = run_tagger("suggest", "A t-test or anova?", env=env)
    assert said.returncode == 0
    assert "t-test" in said.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("since", "count"), [("2025-12-31T23:00:00Z", 1), ("yesterday", 0)])
def test_questions_to_tag_are_chosen_by_any_time(parked: Engine, since: str, count: int) -> None:
    publish_live(parked, word_bundle(), now=SystemClock().now())
    created = datetime(2026, 1, 1, tzinfo=UTC)
    store_questions(parked, question(3, created_at=created), now=created, request_tagging=False)
    asked = run("tag", "--site", "stats", "--since", since)
    assert f"Questions of stats that are pending now: {count}." in asked.stdout, asked.output
    assert run("tag", "--site", "stats", "--since", "soon").exit_code == 2


def test_no_tag_that_is_blocked_is_suggested_on_the_terminal(parked: Engine) -> None:
    publish_live(parked, word_bundle(), now=SystemClock().now())
    asked = ("suggest", "A t-test or anova?", "--site", "stats", "--json")
    before = {tag["tag"] for tag in json.loads(run(*asked).stdout)["tags"]}
    assert "t-test" in before
    with parked.begin() as connection:
        row = {"site": "stats", "tag": "t-test", "reviewer": "owner"}
        connection.execute(insert(BlockedTag).values(**row, at=SystemClock().now()))
    after = json.loads(run(*asked).stdout)["tags"]
    assert {tag["tag"] for tag in after} == before - {"t-test"}


def test_a_renamed_tag_is_suggested_by_its_living_name_on_the_terminal(parked: Engine) -> None:
    publish_live(parked, word_bundle(), now=SystemClock().now())
    with parked.begin() as connection:
        store_synonyms(connection, "stats", {"t-test": "student"}, now=SystemClock().now())
    told = run("suggest", "A t-test?", "--site", "stats", "--json").stdout
    assert [tag["tag"] for tag in json.loads(told)["tags"] if tag["suggested"]] == ["student"]


def test_a_worker_of_trainings_needs_what_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.broker.queue.can_train", lambda: False)
    refused = run("worker", "--queues", "training")
    assert refused.exit_code == 1
    assert "the service trainer has them" in refused.stderr
