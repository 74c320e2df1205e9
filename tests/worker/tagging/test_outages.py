"""Tagging a batch while the database is away."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.engine import Connection

from core.database.tables import TaggingRequest
from core.errors import DatabaseUnreachable, ModelMissing
from core.model.live_models import Serving
from core.questions.leases import lease_is_over
from core.questions.lifecycle import ClaimedQuestion, finish
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import (
    find_request,
    live_models,
    predictions,
    publish_live,
    question,
    request_of,
    store_questions,
)
from tests.worker.tagging.batch import store_many
from worker.tagging import FIRST_OF_ALL, PART, WRITE_SECONDS, tag_batch


def test_a_finished_batch_waits_for_a_database_that_is_away(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, question(1), now=clock.now())
    failures = iter([True, True, False])

    def finish_when_back(connection: Connection, questions: Sequence[ClaimedQuestion]) -> set[int]:
        if next(failures):
            raise DatabaseUnreachable("server closed the connection")
        return finish(connection, questions)

    monkeypatch.setattr("worker.tagging.finish", finish_when_back)
    outcome = tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    assert outcome.tagged == 1
    assert find_request(sqlite_engine, 1) is None


def test_a_write_that_never_succeeds_gives_the_attempt_back(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, question(1), now=clock.now())

    def fail(*_: object) -> set[int]:
        raise DatabaseUnreachable("disk full")

    monkeypatch.setattr("worker.tagging.finish", fail)
    with pytest.raises(DatabaseUnreachable):
        tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    found = request_of(sqlite_engine, 1)
    assert (found.attempts, found.enqueued_at) == (0, None)


def test_a_database_that_was_away_from_the_first_is_waited_for_by_nobody(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was claimed, so nothing is to be given back."""
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, question(1), now=clock.now())
    before = clock.now()

    def fail(*_: object, **__: object) -> list[ClaimedQuestion]:
        raise DatabaseUnreachable("disk full")

    monkeypatch.setattr("worker.tagging.claim", fail)
    with pytest.raises(DatabaseUnreachable):
        tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    assert clock.now() == before


def test_what_an_outage_kept_a_batch_from_claiming_waits_for_no_lease(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = store_many(sqlite_engine, clock, 3 * PART)
    with sqlite_engine.begin() as connection:
        connection.execute(update(TaggingRequest).values(enqueued_at=clock.now()))

    def fail(*_: object) -> set[int]:
        raise DatabaseUnreachable("server closed the connection")

    monkeypatch.setattr("worker.tagging.finish", fail)
    lease = timedelta(minutes=2)
    with pytest.raises(DatabaseUnreachable):
        tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", pks, clock, lease=lease)
    clock.sleep(1)
    free = lease_is_over(clock.now(), lease)
    with sqlite_engine.connect() as connection:
        requests = connection.execute(select(TaggingRequest.attempts).where(free)).scalars().all()
    assert requests == [0] * 3 * PART


def test_parts_that_a_lost_database_keeps_from_being_written_are_given_back(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = store_many(engine, clock, 3 * PART)
    lost: list[int] = []

    def finish_the_first(connection: Connection, questions: Sequence[ClaimedQuestion]) -> set[int]:
        if lost or questions[0].pk != pks[0]:
            lost.append(1)
            raise DatabaseUnreachable("server closed the connection")
        return finish(connection, questions)

    monkeypatch.setattr("worker.tagging.finish", finish_the_first)
    with pytest.raises(DatabaseUnreachable):
        tag_batch(engine, live_models(engine), "stats", pks, clock, first=FIRST_OF_ALL)
    assert len(predictions(engine)) == FIRST_OF_ALL
    left = [find_request(engine, number) for number in range(1, 3 * PART + 1)]
    rest = 3 * PART - FIRST_OF_ALL
    assert [request.attempts for request in left if request is not None] == [0] * rest


def test_an_outage_behind_a_model_that_is_gone_gives_the_attempts_back(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = store_many(engine, clock, 2 * PART)
    models = live_models(engine)
    get = models.get
    gone: list[str] = []

    def get_once(site: str, before_loading: Callable[[], None]) -> Serving:
        if gone:
            raise ModelMissing("stats has no live model")
        gone.append(site)
        return get(site, before_loading)

    def fail(*_: object) -> set[int]:
        raise DatabaseUnreachable("disk full")

    monkeypatch.setattr(models, "get", get_once)
    monkeypatch.setattr(models, "get_loaded", lambda _: None)
    monkeypatch.setattr("worker.tagging.finish", fail)
    with pytest.raises(DatabaseUnreachable):
        tag_batch(engine, models, "stats", pks, clock)
    assert {request_of(engine, number).attempts for number in range(1, 2 * PART + 1)} == {0}


def test_all_parts_together_wait_no_longer_than_one(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that comes and goes must not outlast the task, which would end uncounted."""
    pks = store_many(sqlite_engine, clock, 5 * PART)
    away_until = clock.now()

    def finish_when_back(connection: Connection, questions: Sequence[ClaimedQuestion]) -> set[int]:
        nonlocal away_until
        if clock.now() < away_until:
            raise DatabaseUnreachable("disk full")
        away_until = clock.now() + timedelta(seconds=60)  # after each part that was written
        return finish(connection, questions)

    monkeypatch.setattr("worker.tagging.finish", finish_when_back)
    began = clock.now()
    with pytest.raises(DatabaseUnreachable):
        tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", pks, clock)
    assert clock.now() - began < timedelta(seconds=WRITE_SECONDS + 15)  # the last pause of a try
    assert len(predictions(sqlite_engine)) == 2 * PART
