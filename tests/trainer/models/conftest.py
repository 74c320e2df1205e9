import pytest
from sqlalchemy import Engine

from core.model import registry
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish

METRICS = {"precision_at_1": 0.75, "recall_at_5": 0.5, "micro_f1": 0.625, "split": "time"}


@pytest.fixture
def engine(
    sqlite_engine: Engine, sqlite_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    """The site stats has version 1, live, and version 2; the commands use this database."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    with sqlite_engine.begin() as connection:
        for number in ("1", "2"):
            bundle = word_bundle(metrics=METRICS, data_fingerprint=number)
            publish(connection, bundle, now=clock.now())
        registry.promote(connection, "stats", 1, now=clock.now(), reason="hand")
    return sqlite_engine
