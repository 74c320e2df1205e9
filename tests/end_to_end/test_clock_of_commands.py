"""What commands date where their host's clock is wrong: by the database's, as the services do."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from core.clock import SystemClock
from core.database.engine import reading
from core.database.tables import ModelVersion, Promotion, Question, TaggingRequest
from tests.models import pack_bytes, word_bundle
from tests.trainer.models.commands import tagger

QUESTION = {"id": 1, "title": "A t-test?", "body": "<p>Of two means.</p>", "tags": ["t-test"]}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_commands_go_by_the_databases_clock(
    engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("DATABASE_URL", database_url), ("BROKER_URL", "redis://127.0.0.1:1/0")):
        monkeypatch.setenv(f"TAGGER_{name}", value)
    began = datetime.now(UTC)
    ahead = timedelta(days=2)
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + ahead)
    file, bundle = tmp_path / "questions.jsonl", tmp_path / "stats.zip"
    file.write_text(json.dumps(QUESTION))
    bundle.write_bytes(pack_bytes(word_bundle()))
    for command in (
        ("import", file, "--site", "stats"),
        ("models", "import", bundle, "--site", "stats", "--promote"),
        ("tag", "--site", "stats"),
    ):
        done = tagger(*command)
        assert done.exit_code == 0, done.output
    dated = (
        Question.fetched_at,
        ModelVersion.created_at,
        Promotion.at,
        TaggingRequest.requested_at,
    )
    with reading(engine) as connection:
        times = [connection.execute(select(column)).scalar_one() for column in dated]
    assert all(began - ahead / 2 < time < began + ahead / 2 for time in times), times
