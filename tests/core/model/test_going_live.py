from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from core.database.engine import reading
from core.database.tables import BundlePart
from core.errors import BundleRefused, LiveVersionMoved, NoPreviousVersion, UnknownModelVersion
from core.model import going_live, registry
from core.model.bundle import Bundle
from core.model.going_live import promote_tried, roll_back_tried
from core.model.predictor import Model
from core.model.sentences.encoders import Encoders
from core.settings import Settings
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import (
    find_request,
    live_models,
    publish,
    publish_live,
    question,
    request_of,
    store_questions,
)
from worker.tagging import tag_batch


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def two_versions(engine: Engine, clock: ManualClock) -> Engine:
    """Version 1 is live and has tagged a question; version 2 waits."""
    publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(engine, question(1), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    with engine.begin() as connection:
        publish(connection, word_bundle(data_fingerprint="2"), now=clock.now())
    return engine


def live(engine: Engine) -> int:
    with reading(engine) as connection:
        return registry.get_live(connection, "stats").version


def test_promotion_asks_for_tagging_again_and_rollback_goes_back(
    two_versions: Engine, settings: Settings, clock: ManualClock
) -> None:
    went = promote_tried(two_versions, settings, clock, "stats", 2)
    assert went.before is not None
    assert (went.version.version, went.before.version, went.asked_again) == (2, 1, 1)
    assert (live(two_versions), request_of(two_versions, 1).requested_at) == (2, clock.now())
    assert roll_back_tried(two_versions, settings, clock, "stats").version.version == 1
    with pytest.raises(NoPreviousVersion):
        roll_back_tried(two_versions, settings, clock, "stats")


def test_the_live_version_stays_and_nothing_is_asked_for(
    two_versions: Engine, settings: Settings, clock: ManualClock
) -> None:
    assert promote_tried(two_versions, settings, clock, "stats", 1).asked_again == 0
    assert find_request(two_versions, 1) is None


def test_a_version_that_is_damaged_or_unknown_changes_nothing(
    two_versions: Engine, settings: Settings, clock: ManualClock
) -> None:
    with two_versions.begin() as connection:
        second = registry.get_version(connection, "stats", 2).id
        damaged = update(BundlePart).where(BundlePart.model_version_id == second)
        connection.execute(damaged.values(data=b"?"))
    with pytest.raises(BundleRefused):
        promote_tried(two_versions, settings, clock, "stats", 2)
    with pytest.raises(UnknownModelVersion):
        promote_tried(two_versions, settings, clock, "stats", 9)
    assert live(two_versions) == 1


def test_a_version_that_went_live_meanwhile_stays(
    two_versions: Engine,
    settings: Settings,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load_while_another_is_promoted(bundle: Bundle, *, encoders: Encoders) -> Model:
        publish_live(two_versions, word_bundle(data_fingerprint="3"), now=clock.now())
        return Model(bundle, encoders=encoders)

    monkeypatch.setattr(going_live, "Model", load_while_another_is_promoted)
    with pytest.raises(LiveVersionMoved):
        promote_tried(two_versions, settings, clock, "stats", 2)
    assert live(two_versions) == 3
