"""What a restore leaves as it is: the API does not forget what it was asked since the backup."""

import io
import random

import pytest
from sqlalchemy import Engine, delete

from core.database.api_tables import ApiClient, SentRequest
from core.database.backup.restoring import restore_backup
from core.database.backup.writing import write_backup
from core.errors import ApiPaused
from poller.client import ApiAnswer, ApiRequest
from poller.rate_limit import RateLimit
from tests.conftest import ManualClock

REQUEST = ApiRequest("questions/unanswered", "stats", (("fromdate", "1"),))
OTHER_METHOD = ApiRequest("questions", "stats")


def process(engine: Engine, clock: ManualClock) -> RateLimit:
    chance = random.Random(1)
    return RateLimit(engine, client="api", quota_default=300, clock=clock, chance=chance)


def ask(engine: Engine, clock: ManualClock, *, left: int, backoff: int | None = None) -> None:
    answer = ApiAnswer(items=(), has_more=False, quota_remaining=left, backoff=backoff)
    rate_limit = process(engine, clock)
    rate_limit.admit(REQUEST)
    rate_limit.answered(REQUEST, answer)


def backup_of(engine: Engine, clock: ManualClock) -> io.BytesIO:
    file = io.BytesIO()
    write_backup(engine, file, now=clock.now())
    file.seek(0)
    return file


def pause_of(engine: Engine, request: ApiRequest, clock: ManualClock) -> str:
    with pytest.raises(ApiPaused) as paused:
        process(engine, clock).admit(request)
    return str(paused.value)


def test_no_request_is_repeated_within_its_minute_nor_is_quota_won(
    engine: Engine, clock: ManualClock
) -> None:
    ask(engine, clock, left=200)
    backup = backup_of(engine, clock)
    clock.sleep(100)
    ask(engine, clock, left=150)
    clock.sleep(1)
    restore_backup(engine, backup, "it", now=clock.now(), replace=True)
    assert "less than a minute ago" in pause_of(engine, REQUEST, clock)
    assert process(engine, clock).quota().remaining == 150


def test_a_backoff_of_since_holds_and_so_does_a_request_that_is_under_way(
    engine: Engine, clock: ManualClock
) -> None:
    backup = backup_of(engine, clock)
    ask(engine, clock, left=150, backoff=90)
    clock.sleep(1)
    process(engine, clock).admit(OTHER_METHOD)
    clock.sleep(1)
    restore_backup(engine, backup, "it", now=clock.now(), replace=True)
    assert "backoff" in pause_of(engine, REQUEST, clock)
    other = ApiRequest("questions", "stats", (("fromdate", "9"),))
    assert "another process asks for stats" in pause_of(engine, other, clock)


def test_a_backup_that_knows_later_requests_is_believed(engine: Engine, clock: ManualClock) -> None:
    ask(engine, clock, left=200)
    early = backup_of(engine, clock)
    clock.sleep(70)
    ask(engine, clock, left=150)
    late = backup_of(engine, clock)
    clock.sleep(1)
    with engine.begin() as connection:
        connection.execute(delete(ApiClient))
        connection.execute(delete(SentRequest))
    restore_backup(engine, early, "it", now=clock.now(), replace=True)
    assert process(engine, clock).quota().remaining == 200
    restore_backup(engine, late, "it", now=clock.now(), replace=True)
    assert process(engine, clock).quota().remaining == 150
    assert "less than a minute ago" in pause_of(engine, REQUEST, clock)
