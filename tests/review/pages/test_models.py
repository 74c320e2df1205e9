import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from core.database.engine import reading
from core.database.tables import BundlePart
from core.model import registry
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import live_models, publish, publish_live, question, store_questions
from worker.tagging import tag_batch


@pytest.fixture(autouse=True)
def stored(sqlite_engine: Engine, clock: ManualClock) -> None:
    """Version 1 is live and has tagged a question; version 2 waits."""
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, question(1), now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    with sqlite_engine.begin() as connection:
        publish(connection, word_bundle(data_fingerprint="2"), now=clock.now())


def live(engine: Engine) -> int:
    with reading(engine) as connection:
        return registry.get_live(connection, "stats").version


def form(client: TestClient, **fields: str) -> dict[str, str]:
    return {"csrf_token": client.headers["X-CSRF-Token"], **fields}


def test_a_version_goes_live_and_back_by_forms(client: TestClient, sqlite_engine: Engine) -> None:
    page = client.get("/models").text
    assert "Make version 2 live" in page
    assert "Roll back" not in page
    done = client.post("/models/stats/2/promote", data=form(client, retag="all"))
    assert (done.status_code, live(sqlite_engine)) == (303, 2)
    page = client.get(done.headers["location"]).text
    assert "Version 2 is live." in page
    assert "1 question is to be tagged again." in page
    done = client.post("/models/stats/rollback", data=form(client, retag="none"))
    assert (done.status_code, live(sqlite_engine)) == (303, 1)
    assert client.post("/models/stats/rollback", data=form(client)).status_code == 409


def test_a_rollback_that_is_sent_twice_goes_back_no_further(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    with sqlite_engine.begin() as connection:
        publish(connection, word_bundle(data_fingerprint="3"), now=clock.now())
    for version in (2, 3):
        client.post(f"/models/stats/{version}/promote", data=form(client, retag="none"))
    assert 'name="to" value="2"' in client.get("/models").text
    sent = form(client, retag="none", to="2")
    assert client.post("/models/stats/rollback", data=sent).status_code == 303
    again = client.post("/models/stats/rollback", data=sent)
    assert (again.status_code, live(sqlite_engine)) == (409, 2)
    assert "goes back to version 1 by now" in again.text
    told = client.post("/api/v1/models/stats/rollback", json={"to": 2})
    assert (told.status_code, live(sqlite_engine)) == (409, 2)
    wrong = client.post("/models/stats/rollback", data=form(client, to="x"))
    assert (wrong.status_code, live(sqlite_engine)) == (422, 2)


def test_what_would_be_tagged_again_stands_at_the_choice(client: TestClient) -> None:
    told = client.get("/api/v1/models", params={"site": "stats"}).json()
    assert (told["retag"]["all"], told["retag_estimates"], told["retag_bounds"]) == (1, [], [])
    assert "all tagged ones: 1</option>" in client.get("/models").text


def test_changes_need_the_token_of_the_page(client: TestClient, sqlite_engine: Engine) -> None:
    del client.headers["X-CSRF-Token"]
    for path in ("/models/stats/2/promote", "/models/stats/rollback"):
        assert client.post(path, data={"retag": "all"}).status_code == 403
    assert live(sqlite_engine) == 1


def test_what_cannot_go_live_stays_and_says_why(client: TestClient, sqlite_engine: Engine) -> None:
    assert client.post("/models/stats/9/promote", data=form(client)).status_code == 404
    assert client.post(f"/models/stats/{1 << 31}/promote", data=form(client)).status_code == 422
    wrong = client.post("/models/stats/2/promote", data=form(client, retag="evil"))
    assert wrong.status_code == 422
    with sqlite_engine.begin() as connection:
        second = registry.get_version(connection, "stats", 2).id
        damaged = update(BundlePart).where(BundlePart.model_version_id == second)
        connection.execute(damaged.values(data=b"?"))
    refused = client.post("/models/stats/2/promote", data=form(client))
    assert (refused.status_code, live(sqlite_engine)) == (409, 1)
    assert "SHA-256" in refused.text


def test_programs_promote_and_roll_back(client: TestClient, sqlite_engine: Engine) -> None:
    went = client.post("/api/v1/models/stats/2/promote", json={"retag": "pending"}).json()
    assert went == {"version": 2, "before": 1, "asked_again": 1}
    versions = client.get("/api/v1/models", params={"site": "stats"}).json()["versions"]
    assert [(v["version"], v["live"], v["is_previous"]) for v in versions] == [
        (2, True, False),
        (1, False, True),
    ]
    assert client.post("/api/v1/models/stats/rollback", json={}).json()["version"] == 1
    assert live(sqlite_engine) == 1
