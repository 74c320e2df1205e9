from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, update

from core.database.engine import reading
from core.database.review_tables import OutgoingEvent, Reviewer
from core.errors import UnknownSite, UnknownWebhook
from review.notify.outbox import fill_outbox
from review.notify.webhooks import (
    NEVER,
    check_url,
    delete_webhook,
    list_webhooks,
    retry_failed,
    set_enabled,
)
from tests.conftest import ManualClock
from tests.review.notify.receiver import add, outbox
from tests.review.rows import predict_rows


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/", "file:///etc/passwd", "host/path", "http://", "http://user:pw@host/",
        "http://host:99999/", "http://host/#a", "http://host/ b", "http://h\u00f6st/", "http://[::1",
        "http://host/" + "a" * 2_000,
    ],
)  # fmt: skip
def test_only_web_addresses_without_a_password_are_taken(url: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        check_url(url)


def test_web_addresses_are_taken() -> None:
    for url in ("https://bot.example/hook?a=b", "http://127.0.0.1:9000/", "http://[::1]:80/"):
        assert check_url(url) == url


def test_they_are_listed_with_what_waits_and_deleted_with_it(
    engine: Engine, clock: ManualClock
) -> None:
    with pytest.raises(UnknownSite):
        add(engine, clock)
    predict_rows(engine, {99: {"anova": 0.9}}, now=clock.now())
    clock.sleep(1)
    number, secret = add(engine, clock, event="disputed", tag="anova")
    other, _ = add(engine, clock, min_probability=0.5)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    with reading(engine) as connection:
        listed = list_webhooks(connection)
    assert [(one.id, one.wanted.event, one.waiting) for one in listed] == [
        (number, "disputed", 0),
        (other, "suggested", 1),
    ]
    assert secret not in repr(listed)
    with engine.begin() as connection:
        connection.execute(update(OutgoingEvent).values(next_try_at=NEVER, error="answered 500"))
        told = list_webhooks(connection)[1]
        assert (told.waiting, told.failed, told.error) == (0, 1, "answered 500")
        assert [retry_failed(connection, other, now=clock.now()) for _ in range(2)] == [1, 0]
        assert list_webhooks(connection)[1].waiting == 1
        with pytest.raises(UnknownWebhook):
            retry_failed(connection, 999, now=clock.now())
    with engine.begin() as connection:
        set_enabled(connection, number, enabled=False, now=clock.now())
        assert list_webhooks(connection)[0].disabled_at == clock.now()
        set_enabled(connection, number, enabled=True, now=clock.now())
        delete_webhook(connection, other)
        assert [one.id for one in list_webhooks(connection)] == [number]
    assert outbox(engine) == []
    with engine.begin() as connection, pytest.raises(UnknownWebhook):
        delete_webhook(connection, other)


def test_what_was_delivered_failed_and_waits_is_told(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {99: {"anova": 0.9}}, now=clock.now())
    clock.sleep(1)
    add(engine, clock)
    predict_rows(engine, {1: {"r": 0.9}, 2: {"r": 0.9}, 3: {"r": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    first, second, third = (row.id for row in outbox(engine))
    later = clock.now() + timedelta(minutes=5)
    changes: dict[int, dict[str, object]] = {
        first: {"delivered_at": clock.now()},
        second: {"error": "answered 500", "attempts": 1, "next_try_at": later},
        third: {"next_try_at": later + timedelta(minutes=1)},
    }
    with engine.begin() as connection:
        for key, values in changes.items():
            event = update(OutgoingEvent).where(OutgoingEvent.id == key)
            connection.execute(event.values(**values))
        (one,) = list_webhooks(connection)
    assert (one.waiting, one.refused, one.error) == (2, 1, "answered 500")
    assert (one.next_try_at, one.last_delivery) == (later, clock.now())
    assert one.shut_out is False


def test_those_of_a_reviewer_who_is_shut_out_are_told_nothing(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    predict_rows(sqlite_engine, {99: {"anova": 0.9}}, now=clock.now())
    add(sqlite_engine, clock, reviewer="maria")
    row = {"name": "maria", "token_digest": "0", "created_at": clock.now()}
    with sqlite_engine.begin() as connection:
        connection.execute(insert(Reviewer).values(**row, disabled_at=clock.now()))
    predict_rows(sqlite_engine, {1: {"anova": 0.9}}, now=clock.now())
    assert fill_outbox(sqlite_engine, now=clock.now()) == 0
    with reading(sqlite_engine) as connection:
        assert list_webhooks(connection)[0].shut_out is True
