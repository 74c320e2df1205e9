"""From an evaluated candidate to a version that is live or waits, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.engine import Connection

from core.database.tables import Question, TrainingRun
from core.errors import DatabaseUnreachable
from core.model.bundle import pack
from core.model.registry import Version, find_live, list_promotions, list_versions
from core.questions.lifecycle import is_pending, is_requested
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import live_models, publish_live, question, store_questions
from trainer.evaluation.gate import GateDecision
from trainer.options import TrainingOptions
from trainer.report.record import RunRecord
from trainer.runs import promotion
from trainer.runs.promotion import RunResult, publish_candidate
from trainer.runs.rows import end_run, start_run
from worker.tagging import tag_batch

YES = GateDecision(promote=True, reason="ahead", against_live=None, against_baseline=None)
NO = GateDecision(promote=False, reason="not ahead", against_live=None, against_baseline=None)


@pytest.fixture
def record(sqlite_engine: Engine, clock: ManualClock) -> RunRecord:
    with sqlite_engine.begin() as connection:
        run = start_run(connection, "stats", now=clock.now())
    return RunRecord(run=run, site="stats", started_at=clock.now())


def publish(
    engine: Engine,
    record: RunRecord,
    decision: GateDecision = YES,
    live: Version | None = None,
    **options: Any,
) -> RunResult:
    packed = pack(word_bundle(data_fingerprint="new"), Path("bundle.zip"))
    clock = ManualClock()
    return publish_candidate(
        engine, packed, decision, live, TrainingOptions(**options), record, clock
    )


def run_row(engine: Engine) -> tuple[str | None, str | None, int | None]:
    """(outcome, decision, version) of the one run."""
    columns = TrainingRun.outcome, TrainingRun.decision, TrainingRun.model_version_id
    with engine.connect() as connection:
        outcome, decision, version = connection.execute(select(*columns)).one()
    return outcome, decision, version


def live(engine: Engine) -> Version | None:
    with engine.connect() as connection:
        return find_live(connection, "stats")


def test_a_candidate_that_passes_the_gate_goes_live(
    sqlite_engine: Engine, record: RunRecord
) -> None:
    found = publish(sqlite_engine, record)
    assert found.version is not None
    assert (found.outcome, found.reason, found.version.live) == ("promoted", "ahead", True)
    assert live(sqlite_engine) == found.version
    assert run_row(sqlite_engine) == ("promoted", "ahead", found.version.id)
    assert (record.version, record.decision) == (1, YES)
    with sqlite_engine.connect() as connection:
        assert [p.reason for p in list_promotions(connection, "stats")] == ["gate"]


def test_one_that_does_not_is_published_and_waits(
    sqlite_engine: Engine, record: RunRecord, clock: ManualClock
) -> None:
    before = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    found = publish(sqlite_engine, record, NO, before)
    assert found.version is not None
    assert (found.outcome, found.version.live, found.version.version) == ("published", False, 2)
    assert live(sqlite_engine) == before
    assert run_row(sqlite_engine) == ("published", "not ahead", found.version.id)


def test_an_option_is_told_apart_from_the_gates_decision(
    sqlite_engine: Engine, record: RunRecord
) -> None:
    found = publish(sqlite_engine, record, NO, promote=True)
    assert (found.outcome, found.reason) == ("promoted", "--promote; not ahead")
    assert record.decision is not None
    assert record.decision.promote
    with sqlite_engine.connect() as connection:
        assert [p.reason for p in list_promotions(connection, "stats")] == ["hand"]


def test_a_candidate_that_was_compared_with_another_live_version_waits(
    sqlite_engine: Engine, record: RunRecord, clock: ManualClock
) -> None:
    meanwhile = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    found = publish(sqlite_engine, record, YES, live=None)
    assert found.outcome == "published"
    assert found.reason == "the live version was changed meanwhile; ahead"
    assert live(sqlite_engine) == meanwhile


@pytest.mark.parametrize(("retag", "again"), [("all", {1}), ("none", set())])
def test_tagged_questions_are_tagged_again_as_the_options_say(
    sqlite_engine: Engine, record: RunRecord, clock: ManualClock, retag: str, again: set[int]
) -> None:
    version = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, question(1), now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    assert pending(sqlite_engine) == set()
    publish(sqlite_engine, record, YES, version, retag=retag)
    assert pending(sqlite_engine) == again


def pending(engine: Engine) -> set[int]:
    with engine.connect() as connection:
        return set(
            connection.execute(
                select(Question.question_id).where(is_requested(is_pending()))
            ).scalars()
        )


def test_a_promotion_whose_commit_was_not_acknowledged_is_told_as_it_is(
    sqlite_engine: Engine, record: RunRecord, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    begin, commits = sqlite_engine.begin, iter([True, False])

    @contextmanager
    def lose_the_first() -> Iterator[Connection]:
        with begin() as connection:
            yield connection
        if next(commits):
            raise DatabaseUnreachable("the server restarts")

    with monkeypatch.context() as lossy:
        lossy.setattr(sqlite_engine, "begin", lose_the_first)
        found = publish(sqlite_engine, record, YES, before)
    assert found.version is not None
    assert (found.outcome, found.reason, found.version.live) == ("promoted", "ahead", True)
    assert run_row(sqlite_engine) == ("promoted", "ahead", found.version.id)
    with sqlite_engine.connect() as connection:
        assert [p.version for p in list_promotions(connection, "stats")] == [1, 2]


def test_a_database_that_is_away_for_a_moment_costs_no_training(
    sqlite_engine: Engine, record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[None] = []

    def fail_once(*given: Any, **named: Any) -> None:
        tries.append(None)
        if len(tries) == 1:
            raise DatabaseUnreachable("the server restarts")
        end_run(*given, **named)

    monkeypatch.setattr(promotion, "end_run", fail_once)
    found = publish(sqlite_engine, record)
    assert len(tries) == 2
    with sqlite_engine.connect() as connection:
        assert list_versions(connection, "stats") == [found.version]  # of the first try is nothing
