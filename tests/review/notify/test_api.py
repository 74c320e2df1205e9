from fastapi.testclient import TestClient

from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.notify.receiver import receiver
from tests.review.rows import predict_rows

PATH = "/api/v1/webhooks"
NEW = {"url": "https://bot.example/hook", "event": "suggested", "site": "stats", "tag": "anova"}


def test_a_secret_is_told_once(context: Context, clock: ManualClock, client: TestClient) -> None:
    assert client.post(PATH, json=NEW).status_code == 404  # there is no such site yet
    predict_rows(context.engine, {1: {"anova": 0.9}}, now=clock.now())
    added = client.post(PATH, json=NEW)
    assert added.status_code == 201
    number, secret = added.json()["id"], added.json()["secret"]
    assert len(secret) == 64
    listed = client.get(PATH)
    assert secret not in listed.text
    assert listed.json()[0]["wanted"]["tag"] == "anova"
    assert listed.json()[0]["reviewer"] == "owner"
    assert client.patch(f"{PATH}/{number}", json={"enabled": False}).status_code == 204
    assert client.get(PATH).json()[0]["disabled_at"]
    assert client.post(f"{PATH}/{number}/retry").json() == {"count": 0}
    assert client.delete(f"{PATH}/{number}").status_code == 204
    assert client.get(PATH).json() == []
    assert client.delete(f"{PATH}/{number}").status_code == 404


def test_a_test_event_is_sent_at_once(
    context: Context, clock: ManualClock, client: TestClient
) -> None:
    predict_rows(context.engine, {1: {"anova": 0.9}}, now=clock.now())
    with receiver() as state:
        number = client.post(PATH, json=NEW | {"url": state.address}).json()["id"]
        assert client.post(f"{PATH}/{number}/test").json() == {"error": None}
        assert state.questions == [1]
    assert client.post(f"{PATH}/99/test").status_code == 404


def test_wrong_addresses_are_refused(client: TestClient) -> None:
    for url in ("ftp://host/", "http://user:pw@host/", "nothing"):
        answer = client.post(PATH, json=NEW | {"url": url})
        assert answer.status_code == 422
        assert "an address" in answer.json()["detail"]


def test_strangers_are_let_in_nowhere(stranger: TestClient) -> None:
    assert stranger.get(PATH).status_code == 401
    assert stranger.post(PATH, json=NEW).status_code == 401
