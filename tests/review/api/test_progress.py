import uuid

from fastapi.testclient import TestClient

from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_it_says_what_verdicts_came_to(
    context: Context, clock: ManualClock, client: TestClient
) -> None:
    before = client.get("/api/v1/review/progress").json()
    assert (before["left"], before["since_last_training"]) == (0, 0)  # there is nothing yet
    context.memo.forget()
    predict_rows(context.engine, {1: {"anova": 0.9}, 2: {}}, now=clock.now())
    sent = {
        "request_id": str(uuid.uuid4()),
        "verdicts": {"anova": "accepted"},
        "seen_version": 1,
    }
    client.post("/api/v1/review/questions/stats/1/decision", json=sent)
    progress = client.get("/api/v1/review/progress", params={"site": "stats"}).json()
    assert (progress["since_last_training"], progress["last_training_changed"]) == (1, None)
    assert (progress["left"], progress["kappa"]) == (1, [])
    assert progress["anchoring"]["sighted"] == {"taken": 1, "suggested": 1, "share": 1.0}
    assert client.get("/api/v1/review/progress", params={"site": "nowhere"}).status_code == 404
