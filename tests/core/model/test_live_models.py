import errno
import json
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select, update

from core.database.backup.restoring import restore_backup
from core.database.backup.writing import save_backup
from core.database.engine import reading
from core.database.tables import BundlePart, ModelVersion, TaggingRequest
from core.errors import BundleRefused, CacheUnusable
from core.model import registry
from core.model.bundle_cache import BundleCache
from core.model.live_models import LiveModels, Serving
from core.model.manifest import FORMAT_VERSION
from core.model.registry import Version
from core.questions.requests import retag
from tests.conftest import ManualClock
from tests.models import digest, pack_bytes, unzipped, word_bundle, zipped
from tests.rows import (
    find_request,
    live_models,
    predictions,
    publish_live,
    question,
    request_of,
    row,
    store_questions,
)
from worker.tagging import tag_batch

PACKED = pack_bytes(word_bundle())
MEMBERS = unzipped(PACKED)
MANIFEST = json.loads(MEMBERS["manifest.json"])


def with_manifest(**changes: object) -> bytes:
    return zipped(MEMBERS | {"manifest.json": json.dumps(MANIFEST | changes).encode()})


def flipped() -> bytes:
    return PACKED[:100] + bytes([PACKED[100] ^ 1]) + PACKED[101:]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "one flipped byte": (flipped, "damaged"),
    "nothing": (lambda: b"", "damaged"),
    "half of it": (lambda: PACKED[: len(PACKED) // 2], "damaged"),
    "a missing file": (
        lambda: zipped({k: v for k, v in MEMBERS.items() if k != "vocabulary.json"}),
        "has no vocabulary.json",
    ),
    "a newer format": (
        lambda: with_manifest(format_version=FORMAT_VERSION + 1),
        "this program reads",
    ),
    "another site": (lambda: with_manifest(site="cooking"), "belongs to the site cooking"),
    "zeros": (
        lambda: zipped(MEMBERS | {"model.keras": bytes(200_000_000)}),
        "model.keras would unpack to 200,000,000 bytes",
    ),
    "no network": (lambda: zipped(MEMBERS | {"model.tflite": b"?"}), "LiteRT refuses"),
}


def make_live(engine: Engine, data: bytes, sha256: str, clock: ManualClock) -> Version:
    """A live version whose row holds these bytes."""
    version = publish_live(engine, word_bundle(data_fingerprint="bad"), now=clock.now())
    row = update(ModelVersion).where(ModelVersion.id == version.id)
    part = update(BundlePart).where(BundlePart.model_version_id == version.id)
    with engine.begin() as connection:
        connection.execute(row.values(sha256=sha256, served_sha256=None))  # one of before 0027
        connection.execute(part.values(data=data))
    return version


def tag_next(engine: Engine, models: LiveModels, number: int, clock: ManualClock) -> None:
    stored = store_questions(engine, question(number), now=clock.now())
    assert tag_batch(engine, models, "stats", stored.requested, clock).tagged == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_a_bundle_that_does_not_verify_is_refused_and_tagging_goes_on(
    engine: Engine, clock: ManualClock, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    make, reason = REFUSED[name]
    models = live_models(engine)
    good = publish_live(engine, word_bundle(), now=clock.now())
    tag_next(engine, models, 1, clock)
    data = make()
    make_live(engine, data, digest(data), clock)
    with caplog.at_level(logging.ERROR):
        tag_next(engine, models, 2, clock)
        tag_next(engine, models, 3, clock)
    (said,) = caplog.messages  # once, not at every batch
    assert said.startswith("stats: version 2 is refused, version 1 goes on: ")
    assert reason in said
    mended = publish_live(engine, word_bundle(data_fingerprint="3"), now=clock.now())
    tag_next(engine, models, 4, clock)
    assert predictions(engine) == [(1, good.id), (2, good.id), (3, good.id), (4, mended.id)]


def test_bytes_that_are_not_those_that_were_published_are_refused(
    engine: Engine, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    models = live_models(engine)
    publish_live(engine, word_bundle(), now=clock.now())
    tag_next(engine, models, 1, clock)
    make_live(engine, flipped(), digest(b"another"), clock)
    tag_next(engine, models, 2, clock)
    assert "does not have the SHA-256 that the registry holds" in caplog.messages[-1]


def test_a_cache_without_room_leaves_the_version_that_is_loaded_for_a_while(
    sqlite_engine: Engine,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = live_models(sqlite_engine)
    first = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    tag_next(sqlite_engine, models, 1, clock)
    second = publish_live(sqlite_engine, word_bundle(data_fingerprint="2"), now=clock.now())
    with monkeypatch.context() as full:
        full.setattr("core.model.bundle_store.write_served_member", fill_the_disk)
        tag_next(sqlite_engine, models, 2, clock)
        tag_next(sqlite_engine, models, 3, clock)
    (said,) = caplog.messages
    assert said.startswith("stats: version 2 waits, 1 goes on: The folder ")
    assert "No space left on device" in said
    monkeypatch.setattr("core.model.live_models.time.monotonic", lambda: 1e9)
    tag_next(sqlite_engine, models, 4, clock)
    ids = [version for _, version in predictions(sqlite_engine)]
    assert ids == [first.id, first.id, first.id, second.id]


def fill_the_disk(*_: object, **_options: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_without_a_good_model_questions_wait_and_no_attempt_is_counted(
    engine: Engine, clock: ManualClock
) -> None:
    make_live(engine, flipped(), digest(flipped()), clock)
    models = live_models(engine)
    stored = store_questions(engine, question(1), now=clock.now())
    for _ in range(4):
        with pytest.raises(BundleRefused, match="damaged"):
            tag_batch(engine, models, "stats", stored.requested, clock)
    assert request_of(engine, 1).attempts == 0
    publish_live(engine, word_bundle(), now=clock.now())
    assert tag_batch(engine, models, "stats", stored.requested, clock).tagged == 1


def test_a_process_that_finds_the_live_bundle_refused_tags_by_the_one_before(
    engine: Engine, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    good = publish_live(engine, word_bundle(), now=clock.now())
    make_live(engine, flipped(), digest(PACKED), clock)  # which a rollback would go back to
    make_live(engine, flipped(), digest(flipped()), clock)
    restarted = live_models(engine)
    with caplog.at_level(logging.ERROR):
        tag_next(engine, restarted, 1, clock)
        tag_next(engine, restarted, 2, clock)
    (said,) = caplog.messages
    assert said.startswith("stats: version 3 is refused, version 1 goes on: ")
    mended = publish_live(engine, word_bundle(data_fingerprint="4"), now=clock.now())
    tag_next(engine, restarted, 3, clock)
    assert predictions(engine) == [(1, good.id), (2, good.id), (3, mended.id)]


def test_a_question_asked_for_again_is_tagged_though_the_live_bundle_is_refused(
    engine: Engine, clock: ManualClock
) -> None:
    good = publish_live(engine, word_bundle(), now=clock.now())
    tag_next(engine, live_models(engine), 1, clock)
    clock.sleep(60)
    make_live(engine, flipped(), digest(flipped()), clock)
    with engine.begin() as connection:
        assert retag(connection, "stats", "all", now=clock.now(), recent=timedelta(days=1)) == 1
    found = row(engine, 1)
    assert tag_batch(engine, live_models(engine), "stats", [found.id], clock).tagged == 1
    assert find_request(engine, 1) is None
    assert predictions(engine) == [(1, good.id)]


def test_a_promotion_and_a_rollback_are_seen_by_the_next_batch(
    engine: Engine, clock: ManualClock
) -> None:
    models = live_models(engine)
    first = publish_live(engine, word_bundle(), now=clock.now())
    tag_next(engine, models, 1, clock)
    second = publish_live(engine, word_bundle(data_fingerprint="2"), now=clock.now())
    tag_next(engine, models, 2, clock)
    with engine.begin() as connection:
        registry.rollback(connection, "stats", now=clock.now())
    tag_next(engine, models, 3, clock)
    assert predictions(engine) == [(1, first.id), (2, second.id), (3, first.id)]


def test_a_batch_asks_the_registry_for_a_key_alone(engine: Engine, clock: ManualClock) -> None:
    models = live_models(engine)
    publish_live(engine, word_bundle(), now=clock.now())
    tag_next(engine, models, 1, clock)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    tag_next(engine, models, 2, clock)
    of_versions = [statement for statement in asked if "FROM model_versions" in statement]
    assert len(of_versions) == 1  # the claim's own
    assert of_versions[0].startswith("SELECT model_versions.id, model_versions.sha256 \nFROM")
    assert not any("bundle_parts" in statement for statement in asked)


class PromotionInBetween(LiveModels):
    """After the first look at the registry another version goes live."""

    def __init__(self, engine: Engine, promote: Callable[[], object]) -> None:
        super().__init__(
            engine, BundleCache(Path.cwd() / "models", most_bytes=10**9), most_bytes=10**9
        )
        self._promote = iter([promote])

    def get(self, site: str, before_loading: Callable[[], None] = lambda: None) -> Serving:
        serving = super().get(site, before_loading)
        next(self._promote, lambda: None)()
        return serving


def test_a_version_promoted_while_a_batch_begins_tags_that_batch(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    newer = word_bundle(data_fingerprint="2")
    models = PromotionInBetween(engine, lambda: publish_live(engine, newer, now=clock.now()))
    tag_next(engine, models, 1, clock)
    assert predictions(engine) == [(1, 2)]


@pytest.mark.slow
def test_no_question_is_lost_or_fails_while_versions_come_and_go(
    engine: Engine, clock: ManualClock
) -> None:
    first = publish_live(engine, word_bundle(), now=clock.now())
    newer = publish_live(engine, word_bundle(data_fingerprint="2"), now=clock.now())
    pks = store_questions(engine, *map(question, range(120)), now=clock.now()).requested
    batches = [pks[start : start + 5] for start in range(0, len(pks), 5)]

    def move(turn: int) -> None:
        with engine.begin() as connection:
            if turn % 2:
                registry.promote(connection, "stats", 2, now=clock.now(), reason="hand")
            else:
                registry.rollback(connection, "stats", now=clock.now())

    def work(mine: list[tuple[int, ...]]) -> list[tuple[int, int]]:
        models = live_models(engine)
        outcomes = [tag_batch(engine, models, "stats", batch, clock) for batch in mine]
        return [(outcome.tagged, outcome.failed) for outcome in outcomes]

    with ThreadPoolExecutor(3) as pool:
        workers = [pool.submit(work, batches[part::3]) for part in range(3)]
        turn = 0
        while not all(worker.done() for worker in workers):
            move(turn)
            turn += 1
            wait(workers, timeout=0.02)  # or SQLite's one writer would be the mover
        assert [worker.result() for worker in workers] == [[(5, 0)] * 8] * 3
    assert turn > 1
    tagged = predictions(engine)
    assert [number for number, _ in tagged] == list(range(120))
    assert {version for _, version in tagged} <= {first.id, newer.id}
    with reading(engine) as connection:
        assert connection.execute(select(TaggingRequest.question_pk)).all() == []


def test_a_version_that_has_another_ones_key_since_a_restore_tags_by_its_own_model(
    engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    """The worker sees nothing of the restore: meanwhile there is nothing that it could tag."""
    backup = tmp_path / "tagger.backup.gz"
    save_backup(engine, backup, now=clock.now(), models=True)  # of before there was a model
    first, models = publish_live(engine, word_bundle(), now=clock.now()), live_models(engine)
    tag_next(engine, models, 1, clock)
    with backup.open("rb") as file:
        restore_backup(engine, file, backup.name, now=clock.now(), replace=True)
    second = publish_live(engine, word_bundle(architecture="other"), now=clock.now())
    assert second.id == first.id
    tag_next(engine, models, 2, clock)
    assert models.get("stats").loaded.version == second


def test_a_version_that_a_restore_took_away_does_not_go_on_in_place_of_one_that_waits(
    engine: Engine, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is another one's by now: its tags would stand under that one's name."""
    backup = tmp_path / "tagger.backup.gz"
    save_backup(engine, backup, now=clock.now(), models=True)
    publish_live(engine, word_bundle(), now=clock.now())
    models = live_models(engine)
    tag_next(engine, models, 1, clock)
    with backup.open("rb") as file:
        restore_backup(engine, file, backup.name, now=clock.now(), replace=True)
    second = publish_live(engine, word_bundle(architecture="other"), now=clock.now())
    with monkeypatch.context() as full:
        full.setattr("core.model.bundle_store.write_served_member", fill_the_disk)
        with pytest.raises(CacheUnusable):
            tag_next(engine, models, 2, clock)
    tag_next(engine, models, 3, clock)
    assert models.get("stats").loaded.version == second
    assert [version for _, version in predictions(engine)] == [second.id]
