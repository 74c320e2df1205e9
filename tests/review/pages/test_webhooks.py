from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from core.database.engine import reading
from core.database.review_tables import OutgoingEvent
from review.notify.outbox import fill_outbox
from review.notify.webhooks import NEVER, ListedWebhook, list_webhooks
from tests.conftest import ManualClock
from tests.review.notify.receiver import add, receiver
from tests.review.rows import predict_rows

NEW = {"url": "https://bot.example/hook", "event": "disputed", "site": "stats", "tag": "anova"}


@pytest.fixture(autouse=True)
def stored(sqlite_engine: Engine, clock: ManualClock) -> None:
    predict_rows(sqlite_engine, {1: {"anova": 0.9}}, now=clock.now())


def rows(engine: Engine) -> list[ListedWebhook]:
    with reading(engine) as connection:
        return list_webhooks(connection)


def send(client: TestClient, path: str = "/webhooks", **fields: str) -> Any:
    form = {"csrf_token": client.headers["X-CSRF-Token"]} | fields
    return client.post(path, data=form)


def test_a_webhook_is_added_and_its_secret_shown_once(
    client: TestClient, sqlite_engine: Engine
) -> None:
    assert "There is no webhook yet." in client.get("/webhooks").text
    added = send(client, **NEW | {"tag": " Anova"}, min_probability="", max_quality="0.1")
    assert added.status_code == 201
    assert added.headers["cache-control"] == "no-store"
    secret = added.text.split('<code id="secret">')[1].split("<")[0]
    assert len(secret) == 64
    (one,) = rows(sqlite_engine)
    assert (one.url, one.reviewer, one.wanted.tag) == (NEW["url"], "owner", "anova")
    assert (one.wanted.max_quality, one.wanted.min_probability) == (0.1, None)
    page = client.get("/webhooks").text
    assert "https://bot.example/hook" in page
    assert "a label quality up to 0.1" in page
    assert secret not in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "ftp://host/"}, "Address: an address begins with http:// or https://"),
        ({"url": ""}, "Address: missing."),
        ({"site": "elsewhere"}, "There are no questions of the site elsewhere here."),
        ({"tag": "two words"}, "No question here has the tag &#39;two words&#39;"),
        ({"min_probability": "2"}, "Probability from: "),
        ({"event": "evil"}, "Of what: "),
    ],
)
def test_a_wrong_field_is_named_and_nothing_typed_is_lost(
    client: TestClient, sqlite_engine: Engine, wrong: dict[str, str], said: str
) -> None:
    answer = send(client, **(NEW | wrong))
    assert answer.status_code == 422
    assert said in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    kept = (NEW | wrong)["tag"]
    assert f'name="tag" value="{kept}"' in answer.text
    assert rows(sqlite_engine) == []


def test_a_test_event_is_sent_and_told_of(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    with receiver() as state:
        add(sqlite_engine, clock, state.address)
        done = send(client, "/webhooks/1/test")
        assert "Webhook 1 has confirmed the test event." in done.text
        state.answer = 503
        done = send(client, "/webhooks/1/test")
        assert "Webhook 1 has not confirmed the test event: answered 503." in done.text
        assert len(state.received) == 2
    assert send(client, "/webhooks/2/test").status_code == 404


def test_a_webhook_waits_goes_on_and_is_deleted(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    add(sqlite_engine, clock)
    assert send(client, "/webhooks/1/pause").status_code == 303
    assert rows(sqlite_engine)[0].disabled_at == clock.now()
    page = client.get("/webhooks").text
    assert '<span class="tag plain">paused</span>' in page
    assert send(client, "/webhooks/1/resume").status_code == 303
    assert rows(sqlite_engine)[0].disabled_at is None
    gone = send(client, "/webhooks/1/delete")
    assert "Webhook 1 is deleted." in client.get(gone.headers["location"]).text
    assert rows(sqlite_engine) == []
    assert send(client, "/webhooks/1/delete").status_code == 404


def test_what_has_failed_is_sent_again(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    add(sqlite_engine, clock)
    fill_outbox(sqlite_engine, now=clock.now())
    with sqlite_engine.begin() as connection:
        refused = {"next_try_at": NEVER, "error": "answered 410"}
        connection.execute(update(OutgoingEvent).values(**refused))
    page = client.get("/webhooks").text
    assert "1 event: refused for a day, and sent no more" in page
    assert "answered 410" in page
    done = send(client, "/webhooks/1/retry")
    assert "is sent again" in client.get(done.headers["location"]).text
    assert (rows(sqlite_engine)[0].failed, rows(sqlite_engine)[0].waiting) == (0, 1)


def test_a_filter_of_the_pages_fills_the_form_in(client: TestClient) -> None:
    page = client.get("/webhooks?site=stats&tag=anova&min_probability=0.8&q=words").text
    assert 'name="tag" value="anova"' in page
    assert 'value="0.8"' in page


def test_changes_need_the_token_of_the_page(client: TestClient, sqlite_engine: Engine) -> None:
    del client.headers["X-CSRF-Token"]
    for path in ("", "/1/test", "/1/pause", "/1/resume", "/1/retry", "/1/delete"):
        assert client.post(f"/webhooks{path}", data=NEW).status_code == 403
    assert rows(sqlite_engine) == []


def test_addresses_that_mean_harm_are_texts(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    add(sqlite_engine, clock, "https://host/<script>alert(1)</script>")
    page = client.get("/webhooks?deleted=<script>&tag=<script>").text
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
