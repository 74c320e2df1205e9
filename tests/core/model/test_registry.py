from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.engine import Connection

from core.database.engine import make_engine, reading
from core.database.tables import ModelVersion
from core.errors import ModelMissing, UnknownModelVersion, VersionPruned
from core.model import registry
from core.model.registry import Version
from tests import rows
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import unpack_version


def publish(engine: Engine, clock: ManualClock, *, count: int = 1, site: str = "stats") -> None:
    with engine.begin() as connection:
        for number in range(count):
            bundle = word_bundle(site, data_fingerprint=str(number))
            rows.publish(connection, bundle, now=clock.now())


def promote(engine: Engine, clock: ManualClock, *numbers: int) -> None:
    for number in numbers:
        clock.sleep(60)
        with engine.begin() as connection:
            registry.promote(connection, "stats", number, now=clock.now(), reason="hand")


def rollback(engine: Engine, clock: ManualClock) -> int:
    clock.sleep(60)
    with engine.begin() as connection:
        return registry.rollback(connection, "stats", now=clock.now()).version


def prune(engine: Engine, clock: ManualClock, *, keep: int) -> list[int]:
    with engine.begin() as connection:
        gone = registry.prune(connection, "stats", keep=keep, now=clock.now())
    return [version.version for version in gone]


def versions(engine: Engine) -> list[Version]:
    with reading(engine) as connection:
        return registry.list_versions(connection, "stats")


def live(engine: Engine) -> list[int]:
    return [version.version for version in versions(engine) if version.live]


def test_a_version_knows_what_its_bundle_learned_from(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        rows.publish(connection, word_bundle(learned_through=1 << 40), now=clock.now())
    assert versions(engine)[0].learned_through == 1 << 40


def test_every_promotion_is_kept_but_none_of_the_version_that_is_live_already(
    engine: Engine, clock: ManualClock
) -> None:
    publish(engine, clock, count=2)
    promote(engine, clock, 1, 1, 2)
    start = clock.now() - timedelta(seconds=120)
    with reading(engine) as connection:
        history = registry.list_promotions(connection, "stats")
    second = start + timedelta(seconds=120)
    assert history == [
        registry.Promoted(1, start, "hand", until=second),
        registry.Promoted(2, second, "hand", until=None),
    ]
    assert live(engine) == [2]


def test_a_promotion_that_is_not_committed_leaves_no_trace(
    engine: Engine, clock: ManualClock
) -> None:
    publish(engine, clock, count=2)
    promote(engine, clock, 1)
    with engine.connect() as connection:  # which ends without a commit, as a process that dies
        registry.promote(connection, "stats", 2, now=clock.now(), reason="gate")
    assert live(engine) == [1]
    with reading(engine) as connection:
        assert len(registry.list_promotions(connection, "stats")) == 1


def test_rollbacks_go_further_back_and_not_forth_again(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    publish(sqlite_engine, clock, count=3)
    promote(sqlite_engine, clock, 1, 2, 3)
    assert [rollback(sqlite_engine, clock) for _ in range(2)] == [2, 1]
    with pytest.raises(ModelMissing, match="no version to go back to from version 1"):
        rollback(sqlite_engine, clock)
    assert live(sqlite_engine) == [1]


def test_what_was_promoted_after_a_rollback_is_rolled_back_first(
    engine: Engine, clock: ManualClock
) -> None:
    publish(engine, clock, count=4)
    promote(engine, clock, 1, 2, 3)
    assert rollback(engine, clock) == 2
    promote(engine, clock, 4)
    assert [rollback(engine, clock) for _ in range(2)] == [2, 1]
    assert live(engine) == [1]


def test_a_version_that_was_live_twice_is_gone_back_to_twice(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    publish(sqlite_engine, clock, count=2)
    promote(sqlite_engine, clock, 1, 2, 1)
    assert [rollback(sqlite_engine, clock) for _ in range(2)] == [2, 1]
    with pytest.raises(ModelMissing):
        rollback(sqlite_engine, clock)


def test_a_rollback_passes_by_what_has_been_pruned(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    publish(sqlite_engine, clock, count=4)
    promote(sqlite_engine, clock, 1, 2, 3, 4)
    assert rollback(sqlite_engine, clock) == 3
    promote(sqlite_engine, clock, 1)  # so that 3 is the one to go back to, and 2 is none's
    assert prune(sqlite_engine, clock, keep=0) == [2, 4]
    assert rollback(sqlite_engine, clock) == 3
    assert rollback(sqlite_engine, clock) == 1


def test_a_site_that_never_had_another_version_cannot_go_back(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    with pytest.raises(ModelMissing, match="no live model"):
        rollback(sqlite_engine, clock)
    publish(sqlite_engine, clock)
    promote(sqlite_engine, clock, 1)
    with pytest.raises(ModelMissing, match="go back"):
        rollback(sqlite_engine, clock)


def test_pruning_keeps_the_live_one_the_newest_and_the_way_back(
    engine: Engine, clock: ManualClock
) -> None:
    publish(engine, clock, count=7)
    promote(engine, clock, 1, 3)
    published = {version.version: version.sha256 for version in versions(engine)}
    assert prune(engine, clock, keep=2) == [2, 4, 5]
    assert prune(engine, clock, keep=2) == []
    left = {version.version: version for version in versions(engine)}
    assert [(v.size, v.pruned_at) for v in left.values() if v.pruned_at] == [(0, clock.now())] * 3
    assert {number: version.sha256 for number, version in left.items()} == published
    with reading(engine) as connection:
        for number in (1, 3, 6, 7):
            unpack_version(connection, left[number])
    assert rollback(engine, clock) == 1


def test_a_pruned_version_is_neither_promoted_nor_loaded(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    publish(sqlite_engine, clock, count=2)
    promote(sqlite_engine, clock, 2)
    assert prune(sqlite_engine, clock, keep=0) == [1]
    with pytest.raises(VersionPruned, match="stats version 1 was pruned at 2026-01-01"):
        promote(sqlite_engine, clock, 1)
    with reading(sqlite_engine) as connection, pytest.raises(VersionPruned, match="figures"):
        unpack_version(connection, versions(sqlite_engine)[0])
    assert live(sqlite_engine) == [2]


def test_an_unknown_version_is_not_promoted(sqlite_engine: Engine, clock: ManualClock) -> None:
    with pytest.raises(UnknownModelVersion, match="no model version 1"):
        promote(sqlite_engine, clock, 1)


@contextmanager
def another_process(engine: Engine) -> Iterator[Connection]:
    other = make_engine(engine.url.render_as_string(hide_password=False))
    with other.begin() as connection:
        yield connection
    other.dispose()


def test_publishing_and_promoting_at_once_ends_in_one_live_version_and_no_error(
    engine: Engine, clock: ManualClock
) -> None:
    def publish_and_promote(number: int) -> int:
        with another_process(engine) as connection:
            bundle = word_bundle(data_fingerprint=str(number))
            added = rows.publish(connection, bundle, now=clock.now())
            registry.promote(connection, "stats", added.version, now=clock.now(), reason="gate")
            return added.version

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(publish_and_promote, range(12))) == list(range(1, 13))
    with reading(engine) as connection:
        history = registry.list_promotions(connection, "stats")
        assert connection.execute(select(ModelVersion.version).where(ModelVersion.live)).all() == [
            (history[-1].version,)
        ]
    assert len(history) == 12


def test_the_live_version_is_held_until_the_transaction_ends(
    engine: Engine, clock: ManualClock
) -> None:
    publish(engine, clock, count=2)
    promote(engine, clock, 1)
    first, second = versions(engine)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            assert registry.hold_live(connection, "stats") == first.key
            promotion = pool.submit(promote, engine, clock, 2)
            with pytest.raises(TimeoutError):
                promotion.result(timeout=0.5)
        promotion.result(timeout=30)
    with engine.begin() as connection:
        assert registry.hold_live(connection, "stats") == second.key
