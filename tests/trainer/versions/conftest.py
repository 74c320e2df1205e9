import pytest
from sqlalchemy import Engine

from core.model.registry import Version
from tests.trainer.versions.published import publish_two


@pytest.fixture
def two(engine: Engine) -> tuple[Version, Version]:
    return publish_two(engine, thresholds=(2.0, 0.5, 0.5, 0.5, 0.5, 0.5), data_fingerprint="2")
