from pathlib import Path

from sqlalchemy import Engine

from core.agreement.version_labels import VersionLabels
from core.model import registry
from core.model.bundle_cache import BundleCache
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import publish_live


def test_labels_are_those_of_the_bundle_and_of_a_pruned_one_none(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    first = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    cache = BundleCache(tmp_path / "models", most_bytes=10**9)
    assert VersionLabels(sqlite_engine, cache)(first.id) == LABELS
    second = publish_live(sqlite_engine, word_bundle(architecture="more"), now=clock.now())
    third = publish_live(sqlite_engine, word_bundle(architecture="most"), now=clock.now())
    with sqlite_engine.begin() as connection:
        pruned = registry.prune(connection, "stats", keep=0, now=clock.now())
    labels = VersionLabels(sqlite_engine, cache)
    assert [version.id for version in pruned] == [first.id]
    assert [labels(key) for key in (first.id, second.id, third.id, 99)] == [(), LABELS, LABELS, ()]
