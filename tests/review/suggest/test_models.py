from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.errors import ModelMissing
from core.settings import Settings
from review.suggest.models import SharedModels
from review.suggest.texts import Text, suggest_tags
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live


@pytest.fixture
def models(engine: Engine, tmp_path: Path) -> SharedModels:
    return SharedModels(engine, Settings(data_dir=tmp_path))


def test_a_site_without_a_model_is_told(models: SharedModels) -> None:
    with pytest.raises(ModelMissing), models.use("stats"):
        pass


def test_a_version_that_goes_live_is_used_at_once(
    models: SharedModels, engine: Engine, clock: ManualClock
) -> None:
    for version in (1, 2):
        publish_live(engine, word_bundle(data_fingerprint=str(version)), now=clock.now())
        with models.use("stats") as loaded:
            assert loaded.version.version == version


def test_several_threads_get_what_one_would(
    models: SharedModels, engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    words = ("anova", "regression", "bayesian")

    def first(number: int) -> str:
        word = words[number % 3]
        return suggest_tags(models, "stats", [Text(word, "")] * 30).tags[-1][0].tag

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(first, range(24))) == [words[n % 3] for n in range(24)]
