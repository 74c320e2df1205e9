import io
import json

import pytest
from fastapi.testclient import TestClient
from pyarrow import parquet
from sqlalchemy import Engine

from tests.conftest import ManualClock
from tests.review.rows import predict_rows
from tests.rows import question, store_questions

HOSTILE = '=cmd()|"</script><script>alert(1)</script>'


@pytest.fixture(autouse=True)
def stored(sqlite_engine: Engine, clock: ManualClock) -> None:
    """Seven questions with predictions, the last with a hostile title."""
    tags = {number: {"anova": 0.1 * number, "r": 0.2} for number in range(1, 8)}
    predict_rows(sqlite_engine, tags, now=clock.now(), titles={7: HOSTILE})


def test_cursors_lead_through_all_questions(client: TestClient) -> None:
    found: list[int] = []
    query: dict[str, str | int] = {"site": "stats", "limit": 3}
    for _ in range(4):
        page = client.get("/api/v1/questions", params=query).json()
        found += [one["question_id"] for one in page["questions"]]
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert found == [7, 6, 5, 4, 3, 2, 1]


def test_a_question_tells_its_predictions(client: TestClient) -> None:
    told = client.get("/api/v1/questions/stats/6").json()
    assert told["question"]["author_tags"] == ["regression"]
    (prediction,) = told["predictions"]
    assert (prediction["version"], prediction["live"]) == (1, True)
    assert [one["tag"] for one in prediction["tags"]] == ["anova", "r"]
    client.post("/api/v1/sites/stats/blocked-tags", json={"tag": "anova"})
    (prediction,) = client.get("/api/v1/questions/stats/6").json()["predictions"]
    assert [one["tag"] for one in prediction["tags"]] == ["r"]
    assert client.get("/api/v1/questions/stats/99").status_code == 404


@pytest.mark.parametrize(
    "query",
    [{}, {"site": "a b"}, {"state": "bad"}, {"since": "0001-01-01"}, {"until": "9999-12-31"},
     {"cursor": "x"}, {"limit": 0}, {"min_probability": 2}, {"q": "a\0b"}, {"tag": "a\0b"}],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_one_line(
    client: TestClient, query: dict[str, str]
) -> None:
    answer = client.get("/api/v1/questions", params={"site": "stats"} | query if query else {})
    assert answer.status_code == 422
    assert "\n" not in answer.json()["detail"]


def test_exports_are_files_of_what_is_filtered(client: TestClient) -> None:
    query = {"site": "stats", "tag": " ANOVA"}
    answer = client.get("/api/v1/questions/export", params=query)
    assert answer.headers["content-disposition"] == 'attachment; filename="stats-2026-01-01.csv"'
    assert len(answer.text.splitlines()) == 1 + 3
    lines = client.get("/api/v1/questions/export", params=query | {"format": "jsonl"}).text
    assert [json.loads(line)["question_id"] for line in lines.splitlines()] == [7, 6, 5]
    table = client.get("/api/v1/questions/export", params=query | {"format": "parquet"}).content
    assert parquet.ParquetFile(io.BytesIO(table)).metadata.num_rows == 3


def test_strangers_see_nothing(stranger: TestClient) -> None:
    for path in ("questions?site=stats", "questions/export?site=stats", "questions/stats/6"):
        assert stranger.get(f"/api/v1/{path}").status_code == 401


def test_a_tag_that_a_site_writes_with_spaces_is_found(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    spaced = question(8, author_tags=("Weather Forecast",))
    store_questions(sqlite_engine, spaced, now=clock.now())
    query = {"site": "stats", "tag": "Weather Forecast"}
    (found,) = client.get("/api/v1/questions", params=query).json()["questions"]
    assert found["question_id"] == 8
    assert "Weather Forecast" in client.get("/browse", params=query).text
