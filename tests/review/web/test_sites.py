import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from core.settings import Settings
from review.web.sites import list_sites
from tests.conftest import ManualClock
from tests.rows import question, store_questions


def test_sites_are_found_without_a_look_at_a_table_that_has_no_index_of_them(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(1, site="crypto"), question(2, site="ai"), now=clock.now())
    sent: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        found = list_sites(connection, Settings(sites=("stats",)))
    event.remove(engine, "before_cursor_execute", note)
    assert found == ["ai", "crypto", "stats"]
    assert not [one for one in sent if "review_queue" in one]


@pytest.fixture
def stored(sqlite_engine: Engine, clock: ManualClock) -> None:
    """Questions of two sites, one of which is somebody's own."""
    own = (question(1), question(1, site="my-forum"))
    store_questions(sqlite_engine, *own, now=clock.now(), request_tagging=False)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    "address",
    [
        "/browse?site={}",
        "/review?site={}",
        "/tags?site={}",
        "/browse/{}/1",
        "/api/v1/questions?site={}",
        "/api/v1/tags?site={}",
        "/api/v1/models?site={}",
        "/api/v1/sites/{}/blocked-tags",
    ],
)
def test_a_site_is_found_however_it_is_named_and_others_are_refused(
    client: TestClient, address: str
) -> None:
    for named in ("stats", "Stats", "stats.stackexchange.com", "my-forum"):
        assert client.get(address.format(named)).status_code == 200
    for wrong, near in (("statz", "stats"), ("my-forun", "my-forum"), ("a b", "")):
        refused = client.get(address.format(wrong))
        assert refused.status_code in (404, 422)
        assert near in refused.text
        assert refused.status_code == 404 or not near


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("path", ["/login", "/healthz", "/readyz"])
def test_strangers_are_told_of_no_site(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path, params={"site": "statz"})
    assert answer.status_code == 200
    assert "stats" not in answer.text


@pytest.mark.usefixtures("stored")
def test_texts_are_tagged_for_sites_that_there_are(client: TestClient) -> None:
    refused = client.post("/api/v1/suggest", json={"site": "statz", "texts": [{"title": "t"}]})
    assert refused.status_code == 404
    assert "near matches: stats" in refused.json()["detail"]


@pytest.mark.usefixtures("stored")
def test_a_page_shows_the_site_by_its_name(client: TestClient) -> None:
    page = client.get("/browse?site=Stats.StackExchange.com").text
    assert "<option selected>stats</option>" in page
