from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select

from backfill.folder import BackfillFolder, Split
from backfill.load import LoadCounts, Wanted, find_version, load
from backfill.tagging import tag_shard
from core.database.engine import reading
from core.database.review_tables import QueuedQuestion
from core.database.tables import Prediction, Question
from core.database.views import PredictedTag
from core.errors import BackfillRefused
from core.model import registry
from core.model.predictor import Model
from core.model.registry import Version
from core.questions.store import FetchedQuestion
from review.results.cursor import Place
from review.results.find import Filter, find_results
from tests.backfill.made_up import new_folder, split_files, write_questions
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import find_request, live_models, publish, publish_live, question, store_questions
from tests.rows import predictions as stored_predictions
from worker.tagging import tag_batch

COUNT = 5


@pytest.fixture
def tagged(tmp_path: Path, clock: ManualClock) -> tuple[BackfillFolder, Split]:
    """Five questions, a day apart, with predictions that were made at the clock's beginning."""
    folder = new_folder(tmp_path / "out")
    done = split_files(folder, write_questions(tmp_path / "a.jsonl", range(1, COUNT + 1)), size=3)
    model = Model(word_bundle())
    for number in range(done.shards):
        shard, _ = tag_shard(model, folder.question_shard(number).read_bytes(), clock)
        folder.write(folder.prediction_shard(number), shard)
    clock.sleep(3600)
    return folder, done


def load_all(
    engine: Engine,
    tagged: tuple[BackfillFolder, Split],
    version: Version,
    clock: ManualClock,
    wanted: Wanted | None = None,
) -> LoadCounts:
    return load(engine, *tagged, version=version, wanted=wanted or Wanted(), clock=clock)


def rows_of(engine: Engine) -> list[tuple[object, ...]]:
    """What a reader sees of all predictions."""
    columns = Question.question_id, PredictedTag.tag, PredictedTag.probability
    rows = (
        select(*columns, PredictedTag.suggested, Prediction.content_hash)
        .join(Prediction, Prediction.question_pk == Question.id)
        .join(
            PredictedTag,
            (PredictedTag.question_pk == Prediction.question_pk)
            & (PredictedTag.model_version_id == Prediction.model_version_id),
        )
        .order_by(Question.question_id, PredictedTag.tag)
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(rows)]


def from_file(number: int, **changes: object) -> FetchedQuestion:
    """A question of the file."""
    created = datetime.fromtimestamp(1_500_000_000 + 86_400 * number, UTC)
    title = f"About {LABELS[number % len(LABELS)]}, {number}"
    return replace(question(number, title, created_at=created), **changes)  # type: ignore[arg-type]


def test_what_is_loaded_is_what_a_worker_would_have_written(
    engine: Engine, tagged: tuple[BackfillFolder, Split], clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    assert load_all(engine, tagged, version, clock) == LoadCounts(COUNT, 0, 0)
    loaded = rows_of(engine)
    assert len({row[0] for row in loaded}) == COUNT
    with engine.connect() as connection:
        assert len(connection.scalars(select(QueuedQuestion.question_pk)).all()) == COUNT
        pks = connection.scalars(select(Question.id)).all()
    store_questions(engine, *map(from_file, range(1, COUNT + 1)), now=clock.now())
    with engine.begin() as connection:
        connection.execute(delete(Prediction))
    store_questions(engine, *map(from_file, range(1, COUNT + 1)), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", pks, clock)
    assert rows_of(engine) == loaded


def test_an_export_that_has_come_further_brings_what_is_loaded_now(
    engine: Engine, tagged: tuple[BackfillFolder, Split], clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    later_than_the_tagging = Place(clock.now() - timedelta(minutes=1), 0)
    load_all(engine, tagged, version, clock)
    with reading(engine) as connection:
        found = list(find_results(connection, Filter(after=later_than_the_tagging)))
    assert len(found) == COUNT


def test_loading_again_changes_nothing(
    engine: Engine, tagged: tuple[BackfillFolder, Split], clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    load_all(engine, tagged, version, clock)
    before = rows_of(engine)
    assert load_all(engine, tagged, version, clock) == LoadCounts(0, COUNT, 0)
    assert rows_of(engine) == before
    assert find_request(engine, 1) is None


def test_what_has_become_of_a_question_is_loaded_with_it(
    sqlite_engine: Engine, tmp_path: Path, clock: ManualClock
) -> None:
    folder = new_folder(tmp_path / "out")
    closed = write_questions(tmp_path / "a.jsonl", [1], closed_date=1_600_000_000)
    done = split_files(folder, closed, write_questions(tmp_path / "b.jsonl", [2]))
    shard, _ = tag_shard(Model(word_bundle()), folder.question_shard(0).read_bytes(), clock)
    folder.write(folder.prediction_shard(0), shard)
    version = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    load_all(sqlite_engine, (folder, done), version, clock)
    with sqlite_engine.connect() as connection:
        states = select(Question.state).order_by(Question.question_id)
        assert list(connection.scalars(states)) == ["closed", "open"]


def test_a_text_that_was_edited_since_keeps_its_own_predictions(
    engine: Engine, tagged: tuple[BackfillFolder, Split], clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    edited = from_file(2, title="Now about anova", last_activity_at=clock.now())
    store_questions(engine, edited, now=clock.now(), request_tagging=False)
    assert load_all(engine, tagged, version, clock) == LoadCounts(COUNT - 1, 0, 1)
    assert 2 not in {number for number, _ in stored_predictions(engine)}


def test_a_prediction_that_was_made_later_stays_the_newest(
    engine: Engine, tagged: tuple[BackfillFolder, Split], clock: ManualClock
) -> None:
    old = publish_live(engine, word_bundle(), now=clock.now())
    new = publish_live(engine, word_bundle(metrics={"n": 2.0}), now=clock.now())
    stored = store_questions(engine, from_file(1), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    assert load_all(engine, tagged, old, clock) == LoadCounts(COUNT - 1, 1, 0)
    assert (1, new.id) in stored_predictions(engine)
    assert (1, old.id) not in stored_predictions(engine)


@pytest.mark.parametrize(("live", "covered"), [(False, False), (True, True)])
def test_an_older_version_covers_a_newer_one_only_where_it_is_live(
    engine: Engine,
    tagged: tuple[BackfillFolder, Split],
    clock: ManualClock,
    *,
    live: bool,
    covered: bool,
) -> None:
    with engine.begin() as connection:
        old = publish(connection, word_bundle(), now=clock.now())
    new = publish_live(engine, word_bundle(metrics={"n": 2.0}), now=clock.now())
    stored = store_questions(engine, from_file(1), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    if live:  # since the load has begun
        with engine.begin() as connection:
            registry.promote(connection, "stats", old.version, now=clock.now(), reason="hand")
    load_all(engine, tagged, old, clock)
    assert ((1, old.id) in stored_predictions(engine)) == covered
    assert (1, new.id) in stored_predictions(engine)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(newest_days=1), {4, 5}),
        (Wanted(min_probability=0.9), {1, 2, 3, 4, 5}),
        (Wanted(min_probability=0.99), set()),
        (Wanted(min_probability=0.9, newest_days=0), {5}),
    ],
)
def test_only_what_is_wanted_is_loaded(
    sqlite_engine: Engine,
    tagged: tuple[BackfillFolder, Split],
    clock: ManualClock,
    wanted: Wanted,
    numbers: set[int],
) -> None:
    version = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    load_all(sqlite_engine, tagged, version, clock, wanted)
    assert {number for number, _ in stored_predictions(sqlite_engine)} == numbers
    with sqlite_engine.connect() as connection:
        assert set(connection.scalars(select(Question.question_id))) == numbers


def test_days_need_questions_that_say_when_they_were_created() -> None:
    with pytest.raises(BackfillRefused, match="do not say when"):
        Wanted(newest_days=1).since(None)


def test_a_bundle_that_the_registry_does_not_hold_is_refused(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    with reading(sqlite_engine) as connection:
        assert find_version(connection, "stats", version.sha256) == version
        with pytest.raises(BackfillRefused, match=r"holds no model of stats .* models import FILE"):
            find_version(connection, "stats", "1" * 64)
