import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from core.database.tables import Question
from review.web.access import set_token
from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.rows import predict_rows

API = "/api/v1/review"


@pytest.fixture(autouse=True)
def three(context: Context, clock: ManualClock) -> None:
    """Three questions, of which the third is the newest."""
    titles = {1: "apples", 2: "pears", 3: "plums <script>"}
    for number in titles:
        clock.sleep(1)
        given = {number: {"anova": 0.9, "r": 0.2}}
        predict_rows(context.engine, given, now=clock.now(), titles=titles)


@pytest.fixture
def bob(context: Context, client: TestClient, clock: ManualClock) -> dict[str, str]:
    """Headers of another reviewer's program."""
    client.cookies.clear()
    with context.engine.begin() as connection:
        set_token(connection, "bob", "bob-s-very-own-token", now=clock.now())
    return {"Authorization": "Bearer bob-s-very-own-token"}


def decision(**changes: Any) -> dict[str, Any]:
    return {"request_id": str(uuid.uuid4()), "verdicts": {"anova": "accepted"}, **changes}


def decide(client: TestClient, number: int, **changes: Any) -> int:
    answer = client.post(f"{API}/questions/stats/{number}/decision", json=decision(**changes))
    assert answer.status_code == 200, answer.text
    return int(answer.json()["action_id"])


def test_a_question_comes_with_all_that_the_page_shows(client: TestClient) -> None:
    question = client.get(f"{API}/next").json()
    assert question | {"created_at": None} == {
        "site": "stats",
        "question_id": 3,
        "title": "plums <script>",
        "title_html": "plums &lt;script&gt;",
        "link": "https://stats.example/q/3",
        "edit_link": "https://stats.example/posts/3/edit",
        "licence": None,
        "owner": None,
        "created_at": None,
        "state": "open",
        "author_tags": ["regression"],
        "model_version": 1,
        "suggestions": [
            {"tag": "anova", "probability": 0.9, "suggested": True},
            {"tag": "r", "probability": 0.2, "suggested": False},
        ],
        "body_html": "<p>How?</p>",
        "own": {"verdicts": {}, "saved": False, "skipped": False},
        "others": None,
        "notes": [],
        "conflict": False,
        "conflicting_tags": [],
        "reviews": 0,
        "wanted_reviews": 1,
        "queue": {"order": "newest", "left": 3},
    }
    assert client.get(f"{API}/questions/stats/3").json() == question | {"queue": None}


def test_a_question_shows_no_controls_of_a_terminal(client: TestClient, context: Context) -> None:
    """Nor those that turn a line around: what follows would look like another."""
    names = ("title", "owner", "licence")
    hostile = update(Question).values(dict.fromkeys(names, "a\u202eb\x9bc $x$"))
    with context.engine.begin() as connection:
        connection.execute(hostile)
    question = client.get(f"{API}/questions/stats/3").json()
    assert [question[name] for name in names] == ["a b c $x$"] * 3
    assert question["title_html"].startswith("a b c <math")


def test_a_reviewer_goes_through_the_queue_and_back(client: TestClient) -> None:
    assert client.get(f"{API}/next").json()["question_id"] == 3
    ahead = client.get(
        f"{API}/next", params={"skip_ids": ["stats:3"], "site": "", "order": "newest"}
    )
    assert ahead.json()["question_id"] == 2
    assert client.get(f"{API}/next", params={"skip_ids": [3]}).status_code == 422
    sent = decision(verdicts={"anova": "rejected", "regression": "accepted", "t-test": "added"})
    path = f"{API}/questions/stats/3/decision"
    answers = [client.post(path, json=sent).json() for _ in range(2)]
    assert answers[0] == answers[1]
    skipped = client.post(f"{API}/questions/stats/2/skip", json={"request_id": str(uuid.uuid4())})
    assert skipped.status_code == 200
    assert client.get(f"{API}/next").json()["question_id"] == 1
    assert client.post(f"{API}/undo", json={}).json()["question_id"] == 2
    undone = client.post(f"{API}/undo").json()
    assert undone["action"]["id"] == answers[0]["action_id"]
    assert undone["action"]["undone_at"]
    assert (undone["question_id"], undone["restored"]) == (3, {"verdicts": {}})
    assert client.post(f"{API}/undo").status_code == 404
    history = client.get(f"{API}/history", params={"limit": 1}).json()
    assert [one["kind"] for one in history["actions"]] == ["skip"]
    (saved,) = client.get(f"{API}/history", params={"cursor": history["cursor"]}).json()["actions"]
    assert saved["summary"]["verdicts"] == sent["verdicts"]
    assert saved["undone_at"]


def test_the_history_s_titles_come_drawn(
    context: Context, client: TestClient, clock: ManualClock
) -> None:
    given = {4: {"anova": 0.9}}
    predict_rows(context.engine, given, now=clock.now(), titles={4: "a $x^2$ <script>"})
    for number in (3, 4):
        decide(client, number)
    newest, older = client.get(f"{API}/history").json()["actions"]
    assert newest["title_html"].startswith('a <math display="inline">')
    assert newest["title_html"].endswith("</math> &lt;script&gt;")
    assert newest["summary"]["title"] == "a $x^2$ <script>"
    assert older["title_html"] == "plums &lt;script&gt;"


def test_when_nothing_is_left_there_is_no_content(client: TestClient) -> None:
    answer = client.get(f"{API}/next", params={"q": "quinces"})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("typed", [{"author": "Regression"}, {"suggested": "ANOVA "}])
def test_a_tag_of_a_filter_is_found_however_it_is_written(
    client: TestClient, typed: dict[str, str]
) -> None:
    assert client.get(f"{API}/next", params=typed).status_code == 200
    assert client.put(f"{API}/filters/mine", json=typed).status_code == 204
    assert client.get(f"{API}/next", params={"saved_filter": "mine"}).status_code == 200
    assert client.get(f"{API}/next", params={"author": "No such"}).status_code == 204


def test_an_older_action_is_undone_by_its_number(client: TestClient) -> None:
    first, second = decide(client, 1), decide(client, 1, verdicts={})
    refused = client.post(f"{API}/actions/{first}/undo", json={})
    assert refused.status_code == 409
    assert "question 1 again" in refused.json()["detail"]
    for action in (second, second, first):
        assert client.post(f"{API}/actions/{action}/undo", json={}).status_code == 200


def test_others_verdicts_and_conflicts(client: TestClient, bob: dict[str, str]) -> None:
    path = f"{API}/questions/stats/1"
    for reviewer, verdict in (("bob", "rejected"), ("owner", "accepted")):
        headers = bob if reviewer == "bob" else {"Authorization": "Bearer the-owner-s-own-token"}
        before = client.get(path, headers=headers).json()
        assert before["others"] is None
        sent = decision(verdicts={"anova": verdict})
        assert client.post(f"{path}/decision", json=sent, headers=headers).status_code == 200
    question = client.get(path, headers=bob).json()
    assert question["others"] == [{"reviewer": "owner", "verdicts": {"anova": "accepted"}}]
    assert (question["conflict"], question["conflicting_tags"]) == (True, ["anova"])
    found = client.get(f"{API}/next", params={"order": "conflicts"}, headers=bob)
    assert found.json()["question_id"] == 1


def test_notes_and_second_opinions(client: TestClient) -> None:
    path = f"{API}/questions/stats/2"
    assert client.post(f"{path}/notes", json={"text": "a duplicate?"}).status_code == 204
    (note,) = client.get(path).json()["notes"]
    assert (note["reviewer"], note["text"]) == ("owner", "a duplicate?")
    for is_new in (True, False):
        answer = client.post(f"{path}/second-opinion", json={})
        assert answer.json() == {"wanted_reviews": 2, "is_new": is_new}
    for status in (204, 409):
        assert client.delete(f"{path}/second-opinion").status_code == status
    assert client.get(path).json()["wanted_reviews"] == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("next?site=nowhere", 404),
        ("next?saved_filter=none", 404),
        ("next?order=best", 422),
        ("next?min_probability=2", 422),
        ("next?since=yesterday", 422),
        ("next?since=0001-01-01T00:00:00-23:00", 422),
        ("next?tag=a%00b", 422),
        ("questions/stats/99", 404),
        ("questions/stats/-1", 422),
        ("questions/sta,ts/1", 422),
        (f"questions/stats/{1 << 63}", 422),
    ],
)
def test_what_cannot_be_is_told_in_a_line(client: TestClient, path: str, status: int) -> None:
    answer = client.get(f"{API}/{path}")
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(
    "changes",
    [
        {"verdicts": {"anova": "perhaps"}},
        {"verdicts": {"": "added"}},
        {"verdicts": {"two words": "added"}},
        {"verdicts": {str(number): "added" for number in range(101)}},
        {"request_id": "1"},
        {"first_choice": ["\0"]},
    ],
)
def test_a_decision_out_of_bounds_is_refused(client: TestClient, changes: dict[str, Any]) -> None:
    answer = client.post(f"{API}/questions/stats/1/decision", json=decision(**changes))
    assert answer.status_code == 422
