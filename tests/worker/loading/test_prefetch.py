"""What a starting worker fetches beside its own loading."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, update

from core.database.tables import BundlePart, ModelVersion
from core.errors import BundleCorrupt, DatabaseMissing
from core.model.bundle_cache import open_cache
from core.settings import Settings
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions
from worker.loading.prefetch import prefetch, start_prefetch


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=SecretStr(database_url), data_dir=tmp_path)


@pytest.fixture
def live(engine: Engine, clock: ManualClock) -> Any:
    store_questions(engine, question(1), now=clock.now())
    return publish_live(engine, word_bundle(), now=clock.now())


def refuse(*_: object) -> None:
    raise AssertionError("it is there already")


def entries(settings: Settings) -> list[Path]:
    return [
        path for path in settings.model_cache.rglob("*") if path.is_dir() and len(path.name) > 60
    ]


def test_the_model_of_what_is_pending_is_there_when_it_is_asked_for(
    live: Any, settings: Settings
) -> None:
    start_prefetch(settings).join()
    with open_cache(settings).open(live, refuse) as bundle:
        assert bundle.manifest == word_bundle().manifest
        assert bundle.tflite.read_bytes() == word_bundle().tflite.read_bytes()


@pytest.mark.usefixtures("live")
def test_nothing_is_fetched_twice(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert prefetch(settings) is not None
    monkeypatch.setattr("worker.loading.prefetch.fetch_parts", refuse)
    assert prefetch(settings) is not None


def test_nothing_is_fetched_for_a_site_without_a_question(
    engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    assert prefetch(settings) is None
    assert entries(settings) == []


def damage(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(BundlePart).values(data=b"P" + bytes(1000)))


def rename(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(ModelVersion).values(site="cooking"))


@pytest.mark.parametrize("spoil", [damage, rename])
def test_what_is_not_the_sites_published_bundle_is_left_to_who_needs_it(
    engine: Engine, settings: Settings, clock: ManualClock, spoil: Callable[[Engine], None]
) -> None:
    for site in ("stats", "cooking"):
        store_questions(engine, question(1, site=site), now=clock.now())
    publish_live(engine, word_bundle(), now=clock.now())
    spoil(engine)
    with pytest.raises(BundleCorrupt):
        prefetch(settings)
    start_prefetch(settings).join()
    assert entries(settings) == []


def test_no_database_is_made(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "none")
    with pytest.raises(DatabaseMissing):
        prefetch(settings)
    start_prefetch(settings).join()
    assert not settings.data_dir.exists()
