"""The commands on webhooks."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

import tagger
from core.database.engine import make_engine
from review.notify.outbox import fill_outbox
from review.notify.webhooks import set_enabled
from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.notify.receiver import add, outbox, receiver
from tests.review.rows import predict_rows


def run(engine: Engine, *arguments: str) -> tuple[int, str]:
    env = {
        "TAGGER_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "COLUMNS": "200",
    }
    done = CliRunner().invoke(tagger.make_app(), ["webhooks", *arguments], env=env)
    return done.exit_code, done.output


@pytest.mark.usefixtures("wide_terminal")
def test_a_webhook_is_added_listed_and_removed(sqlite_engine: Engine, clock: ManualClock) -> None:
    wanted = (
        "https://bot.example/hook",
        "--event",
        "disputed",
        "--site",
        "stats",
        "--tag",
        "anova",
    )
    assert run(sqlite_engine, "add", *wanted)[0] == 1  # there is no such site yet
    predict_rows(sqlite_engine, {1: {"anova": 0.9}}, now=clock.now())
    status, output = run(sqlite_engine, "add", *wanted)
    assert status == 0
    secret = output.split()[-1]
    assert len(secret) == 64
    _, listed = run(sqlite_engine, "list")
    assert "https://bot.example/hook" in listed
    assert "disputed" in listed
    assert secret not in listed
    assert "Events of webhook 1 that are sent again: 0." in run(sqlite_engine, "retry", "1")[1]
    told = json.loads(run(sqlite_engine, "retry", "1", "--json")[1])
    assert told == {"number": 1, "sent_again": 0}
    assert run(sqlite_engine, "remove", "1")[0] == 0
    assert run(sqlite_engine, "remove", "1")[0] == 1


@pytest.mark.usefixtures("host_ahead")
def test_the_page_and_its_webhooks_go_by_the_databases_clock(
    migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Context] = []
    monkeypatch.setattr("review.web.serve.serve", lambda context, **_: served.append(context))
    engine = make_engine(migrated_postgres_url)
    predict_rows(engine, {99: {"anova": 0.9}}, now=datetime.now(UTC) - timedelta(seconds=1))
    assert run(engine, "add", "http://127.0.0.1:9/", "--site", "stats")[0] == 0
    env = {"TAGGER_DATABASE_URL": migrated_postgres_url}
    assert CliRunner().invoke(tagger.make_app(), ["review"], env=env).exit_code == 0
    for number in (1, 2):
        predict_rows(engine, {number: {"anova": 0.9}}, now=datetime.now(UTC))
        fill_outbox(engine, now=served[0].clock.now())
    assert [event.payload["question"]["question_id"] for event in outbox(engine)] == [1, 2]
    engine.dispose()


def test_an_address_that_cannot_be_one_is_refused(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    predict_rows(sqlite_engine, {1: {"anova": 0.9}}, now=clock.now())
    status, output = run(sqlite_engine, "add", "ftp://host/", "--site", "stats")
    assert status == 1
    assert "http://" in output


def test_a_test_event_says_what_came_of_it(sqlite_engine: Engine, clock: ManualClock) -> None:
    predict_rows(sqlite_engine, {1: {"anova": 0.9}}, now=clock.now())
    with receiver() as state:
        add(sqlite_engine, clock, state.address)
        status, output = run(sqlite_engine, "test", "1")
        assert (status, len(state.received)) == (0, 1)
        assert "has confirmed the test event" in output
        confirmed = {"number": 1, "confirmed": True, "error": None}
        assert json.loads(run(sqlite_engine, "test", "1", "--json")[1]) == confirmed
        state.answer = 404
        status, output = run(sqlite_engine, "test", "1")
        refused, told = run(sqlite_engine, "test", "1", "--json")
    assert (status, refused) == (1, 1)
    assert "answered 404" in output
    assert json.loads(told)["confirmed"] is False


@pytest.mark.usefixtures("wide_terminal")
def test_a_webhook_that_waits_is_called_paused_as_on_the_page(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    predict_rows(sqlite_engine, {1: {"anova": 0.9}}, now=clock.now())
    add(sqlite_engine, clock, "https://bot.example/hook")
    with sqlite_engine.begin() as connection:
        set_enabled(connection, 1, enabled=False, now=clock.now())
    assert "paused" in run(sqlite_engine, "list")[1]
