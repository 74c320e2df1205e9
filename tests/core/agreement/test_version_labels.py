from pathlib import Path

from sqlalchemy import Engine, delete

from core.agreement.version_labels import VersionLabels
from core.database.tables import BundlePart, ModelVersion, Promotion
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


def test_labels_are_not_those_of_a_version_whose_key_another_one_has_now(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    """As after a restored backup."""
    first = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    labels = VersionLabels(sqlite_engine, BundleCache(tmp_path / "models", most_bytes=10**9))
    assert labels(first.id) == LABELS
    with sqlite_engine.begin() as connection:
        for table in (Promotion, BundlePart, ModelVersion):
            connection.execute(delete(table))
    assert labels(first.id) == ()
    others = tuple(f"{label}-2" for label in LABELS)
    second = publish_live(sqlite_engine, word_bundle(labels=others), now=clock.now())
    assert (second.id, labels(second.id)) == (first.id, others)
