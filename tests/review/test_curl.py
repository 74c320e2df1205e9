"""The requests that docs/review.md shows, sent as they stand there."""

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.conftest import TOKEN
from tests.review.rows import predict_rows

TEXT = (Path(__file__).resolve().parents[2] / "docs/review.md").read_text()
SHOWN = re.findall(r"^curl .*?(/api/v1/[^\s\"]+)\"?(?:[^\n]*\\\n\s+-d (.+))?", TEXT, re.MULTILINE)


def test_there_are_some() -> None:
    assert len(SHOWN) >= 4
    assert {bool(body) for _, body in SHOWN} == {True, False}


@pytest.mark.parametrize(("path", "body"), SHOWN, ids=[path.split("?")[0] for path, _ in SHOWN])
def test_it_is_taken(
    stranger: TestClient, context: Context, clock: ManualClock, path: str, body: str
) -> None:
    predict_rows(context.engine, {1: {"anova": 0.9, "r": 0.8}}, now=clock.now())
    headers = {"Authorization": f"Bearer {TOKEN}"}
    if not body:
        assert stranger.get(path, headers=headers).status_code == 200
        return
    sent = json.loads(body.strip("'").replace("'\"$(uuidgen)\"'", str(uuid4())))
    answer = stranger.post(path, json=sent, headers=headers)
    # The site of this test has no model to tag a text with.
    expected = {409} if path.endswith("/suggest") else {200, 201}
    assert answer.status_code in expected, answer.text
