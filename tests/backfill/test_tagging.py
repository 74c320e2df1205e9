from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from backfill.shards import pack_questions, unpack_predictions
from backfill.tagging import SentBundle, load_model, tag_shard
from core.database.tables import Question
from core.database.views import PredictedTag
from core.errors import BundleCorrupt, ClusterFailed
from core.model.bundle_cache import BundleCache
from core.model.predictor import Model, RankedTag
from core.model.text.names import Words
from core.questions.store import FetchedQuestion
from tests.backfill.made_up import write_bundle
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import live_models, publish_live, question, store_questions
from worker.tagging import tag_batch


def sent(path: Path, fetch: Callable[[], bytes] | None = None) -> SentBundle:
    packed = write_bundle(path)
    return SentBundle("stats", packed.sha256, packed.size, fetch or packed.path.read_bytes)


def cache(tmp_path: Path) -> BundleCache:
    return BundleCache(tmp_path / "cache", most_bytes=10**9)


def test_predictions_equal_those_of_a_worker(sqlite_engine: Engine, tmp_path: Path) -> None:
    questions = [
        question(n, f"{LABELS[n % 6]} or {LABELS[n % 5]}?", body=f"<p>{LABELS[n % 4]} {n}</p>")
        for n in range(1, 40)
    ]
    clock = ManualClock()
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, *questions, now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    model = load_model(sent(tmp_path / "bundle.zip"), cache(tmp_path))
    shard, failed = tag_shard(model, pack_questions(questions), clock)
    assert failed == 0
    found = unpack_predictions(shard)
    assert {one.question_id: sorted(one.tags) for one in found} == worker_tags(sqlite_engine)
    assert [one.content_hash for one in found] == [one.content_hash() for one in questions]
    assert {one.predicted_at for one in found} == {clock.now()}


def worker_tags(engine: Engine) -> dict[int, list[RankedTag]]:
    rows = select(
        Question.question_id, PredictedTag.tag, PredictedTag.probability, PredictedTag.suggested
    ).join(PredictedTag, PredictedTag.question_pk == Question.id)
    found: dict[int, list[RankedTag]] = {}
    with engine.connect() as connection:
        for number, tag, probability, suggested in connection.execute(rows):
            ranked = RankedTag(tag, probability, suggested=suggested)
            found.setdefault(number, []).append(ranked)
    return {number: sorted(tags) for number, tags in found.items()}


class Choosy(Model):
    """A model that stumbles over one word."""

    def words(self, title: str, body: str) -> Words:
        if "poison" in title:
            raise ValueError("a text that no parser takes")
        return super().words(title, body)


def test_a_question_that_fails_fails_alone() -> None:
    questions: list[FetchedQuestion] = [question(1), question(2, "poison"), question(3, "anova")]
    shard, failed = tag_shard(Choosy(word_bundle()), pack_questions(questions), ManualClock())
    assert failed == 1
    found = unpack_predictions(shard)
    assert [one.error for one in found] == [None, "ValueError: a text that no parser takes", None]
    assert [one.tags[0].tag for one in found if one.tags] == ["regression", "anova"]


def test_a_bundle_that_came_damaged_is_refused(tmp_path: Path) -> None:
    damaged = sent(tmp_path / "bundle.zip", lambda: b"half of it")
    with pytest.raises(BundleCorrupt, match="another SHA-256"):
        load_model(damaged, cache(tmp_path))


def test_a_machine_with_another_version_of_the_program_tags_nothing(tmp_path: Path) -> None:
    other = replace(sent(tmp_path / "bundle.zip"), program="0.0.1")
    with pytest.raises(ClusterFailed, match=r"and this one 0\.0\.1: install the same on all"):
        load_model(other, cache(tmp_path))


def test_a_bundle_is_sent_once_to_a_machine(tmp_path: Path) -> None:
    load_model(sent(tmp_path / "bundle.zip"), cache(tmp_path))
    again = sent(tmp_path / "bundle.zip", lambda: pytest.fail("it was sent again"))
    load_model(again, cache(tmp_path))
