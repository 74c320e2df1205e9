import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

from core.database.review_tables import BlockedTag
from core.questions.tags.synonyms import store_synonyms
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import live_models, publish_live, question, store_questions
from worker.tagging import tag_batch


@pytest.fixture
def live(sqlite_engine: Engine, clock: ManualClock) -> None:
    """A live model, which has tagged a question."""
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, question(1, "Anova and regression"), now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)


@pytest.mark.usefixtures("live")
def test_texts_get_tags_without_those_that_are_excluded_or_blocked(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    with sqlite_engine.begin() as connection:
        blocked = {"site": "stats", "tag": "bayesian", "reviewer": "ann", "at": clock.now()}
        connection.execute(insert(BlockedTag).values(blocked))
    texts = [{"title": "anova"}, {"body": "<p>bayesian regression</p>"}, {}]
    sent = {"site": "stats", "texts": texts, "exclude": ["anova"]}
    told = client.post("/api/v1/suggest", json=sent).json()
    assert told["model_version"] == 1
    suggested = [[t["tag"] for t in tags if t["suggested"]] for tags in told["results"]]
    assert suggested == [[], ["regression"], []]


def test_a_site_without_a_model_is_a_conflict_in_one_line(client: TestClient) -> None:
    sent = {"site": "stats", "texts": [{"title": "anova"}]}
    answer = client.post("/api/v1/suggest", json=sent)
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("The site stats has no live model")


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    "sent",
    [{}, {"site": "stats"}, {"site": "stats", "texts": []}, {"site": "a b", "texts": [{}]},
     {"site": "stats", "texts": [{}] * 1001}, {"site": "stats", "texts": [{"title": "x" * 1001}]}],
)  # fmt: skip
def test_what_cannot_be_tagged_is_refused(client: TestClient, sent: dict[str, object]) -> None:
    assert client.post("/api/v1/suggest", json=sent).status_code == 422


@pytest.mark.usefixtures("live")
def test_hostile_texts_are_tagged_as_any_other(client: TestClient) -> None:
    content = b'{"site": "stats", "texts": [{"title": "\\u0000 anova \\u202e", "body": "<<<&#0;"}]}'
    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/v1/suggest", content=content, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["results"][0][0]["tag"] == "anova"
    half = content.replace(b"u202e", b"ud800")
    assert client.post("/api/v1/suggest", content=half, headers=headers).status_code == 422


@pytest.mark.usefixtures("live")
def test_the_words_that_speak_for_a_questions_tags_are_told(client: TestClient) -> None:
    told = client.get("/api/v1/review/questions/stats/1/reasons").json()
    words = {tag: [one["word"] for one in of] for tag, of in told["reasons"].items()}
    assert words == {"anova": ["anova"], "regression": ["regression"]}
    assert client.get("/api/v1/review/questions/stats/9/reasons").status_code == 404


@pytest.mark.usefixtures("live")
def test_a_renamed_tag_is_told_by_its_living_name(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    with sqlite_engine.begin() as connection:
        store_synonyms(connection, "stats", {"anova": "aov", "t-test": "aov"}, now=clock.now())
    stored = store_questions(sqlite_engine, question(2, "On anova"), now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    sent = {"site": "stats", "texts": [{"title": "anova or t-test"}, {"title": "a t-test"}]}
    told = client.post("/api/v1/suggest", json=sent).json()
    suggested = [[t["tag"] for t in tags if t["suggested"]] for tags in told["results"]]
    assert suggested == [["aov"], ["aov"]]
    reasons = client.get("/api/v1/review/questions/stats/2/reasons").json()["reasons"]
    assert {tag: [one["word"] for one in of] for tag, of in reasons.items()} == {"aov": ["anova"]}
    sent["exclude"] = ["aov"]
    told = client.post("/api/v1/suggest", json=sent).json()
    assert not {"aov", "anova", "t-test"}.intersection(t["tag"] for t in told["results"][0])


@pytest.mark.usefixtures("live")
def test_strangers_get_no_tags(stranger: TestClient) -> None:
    sent = {"site": "stats", "texts": [{"title": "anova"}]}
    assert stranger.post("/api/v1/suggest", json=sent).status_code == 401


def test_without_a_model_no_words_are_told(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    store_questions(sqlite_engine, question(1), now=clock.now())
    told = client.get("/api/v1/review/questions/stats/1/reasons").json()
    assert told == {"model_version": None, "reasons": {}}
