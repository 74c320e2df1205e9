import re
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from core.database.tables import Question
from tests.conftest import ManualClock
from tests.review.decisions.asking import act
from tests.review.rows import predict_rows

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


@pytest.fixture(autouse=True)
def stored(sqlite_engine: Engine, clock: ManualClock) -> None:
    """Sixty questions with predictions; the newest with a hostile title and body."""
    tags = {number: {"anova": 0.9, "r": 0.2} for number in range(1, 61)}
    predict_rows(sqlite_engine, tags, now=clock.now(), titles={60: HOSTILE, 59: r"Why $\beta_1$?"})
    with sqlite_engine.begin() as connection:
        hostile = update(Question).where(Question.question_id == 60)
        connection.execute(hostile.values(body=HOSTILE, owner=HOSTILE, author_tags=[HOSTILE]))


def test_pages_lead_to_older_questions(client: TestClient) -> None:
    first = client.get("/browse").text
    assert first.count("<li>") >= 50
    assert ">Question 11</a>" in first
    assert ">Question 10</a>" not in first
    address = re.search(r'rel="next" href="([^"]+)"', first)
    assert address is not None
    second = client.get(address[1].replace("&amp;", "&")).text
    assert ">Question 10</a>" in second
    assert 'rel="next"' not in second


@pytest.mark.parametrize("path", ["/browse", "/browse/stats/59"])
def test_formulas_in_titles_are_drawn(client: TestClient, path: str) -> None:
    assert "Why <math" in client.get(path).text


def test_no_name_turns_the_direction_of_what_stands_behind_it(
    client: TestClient, sqlite_engine: Engine
) -> None:
    with sqlite_engine.begin() as connection:
        turned = {"owner": "a\u202eb", "author_tags": ["c\u2066d"]}
        connection.execute(update(Question).where(Question.question_id == 5).values(**turned))
    page = client.get("/browse/stats/5").text
    assert "a b" in page
    assert "c d" in page
    assert "\u202e" not in page
    assert "\u2066" not in page


def test_a_tag_is_found_however_it_is_typed(client: TestClient) -> None:
    page = client.get("/browse", params={"site": "stats", "tag": " ANOVA "}).text
    assert ">Question 11</a>" in page
    assert 'name="tag" value="anova"' in page
    assert "export?site=stats&amp;tag=anova&amp;" in page
    missing = client.get("/browse", params={"site": "stats", "tag": "An ova"}).text
    assert "No question here has the tag &#39;An ova&#39; (near matches: anova)." in missing


def test_filters_stay_in_the_form_and_in_the_export(client: TestClient) -> None:
    page = client.get("/browse?site=stats&tag=anova&state=suggested&q=Question+1&since=").text
    assert 'value="anova"' in page
    assert "<option selected>suggested</option>" in page
    query = "site=stats&amp;tag=anova&amp;state=suggested&amp;q=Question+1"
    assert f"/api/v1/questions/export?{query}&amp;format=parquet" in page


def test_nothing_found_is_said(client: TestClient) -> None:
    assert "No question matches." in client.get("/browse?q=nonesuch").text
    assert client.get("/browse?state=nonesuch").status_code == 422


def test_a_question_shows_predictions_and_own_verdicts_but_not_those_of_others(
    client: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    act(sqlite_engine, clock, 5, verdicts={"of-ann": "added"})
    act(sqlite_engine, clock, 5, reviewer="owner", verdicts={"anova": "accepted"})
    page = client.get("/browse/stats/5").text
    assert "Version 1" in page
    assert "90.0%" in page
    assert "accepted: anova" in page
    assert "of-ann" not in page
    assert client.get("/browse/stats/999").status_code == 404
    assert "None yet." in client.get("/browse/stats/6").text
    said = {"filter": {"site": "stats"}, "tag": "anova", "verdict": "rejected"}
    client.post("/api/v1/review/bulk", json=said | {"request_id": str(uuid4())})
    assert "rejected: anova" in client.get("/browse/stats/6").text  # of which it is no review


@pytest.mark.parametrize("path", ["/browse", "/browse/stats/60"])
def test_hostile_texts_are_texts(client: TestClient, path: str) -> None:
    page = client.get(path).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "onerror=alert(1)>" not in page
