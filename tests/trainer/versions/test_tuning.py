"""Thresholds chosen anew: a version of its own, with the old network."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, func, select, update

from core.database.engine import reading
from core.database.tables import BundlePart, TrainingRun
from core.errors import ModelError, TrainingError
from core.model import registry
from core.model.registry import Version
from core.questions.tags.synonyms import store_synonyms
from tests.conftest import ManualClock
from tests.models import word_manifest
from tests.rows import unpack_version
from tests.trainer.versions.published import SITE, publish_two, version
from trainer.scoring.thresholds import NEVER
from trainer.versions.judged import TUNED, Asked, Judged, JudgedVersion
from trainer.versions.tuning import (
    Goal,
    Tuned,
    TuningOptions,
    choose,
    find_shift,
    move_thresholds,
    tune_version,
)


def tune(engine: Engine, source: Version, goal: Goal, *, promote: bool | None = None) -> Tuned:
    options = TuningOptions(promote, 0.8, "none", timedelta(days=30), 5)
    return tune_version(engine, SITE, source, goal, options, clock=ManualClock())


def test_a_precision_that_is_asked_for_drops_the_tag_that_is_wrong(
    engine: Engine, two: tuple[Version, Version]
) -> None:
    tuned = tune(engine, two[0], Goal("precision", 0.9))
    with reading(engine) as connection:
        bundle = unpack_version(connection, tuned.version)
        old = unpack_version(connection, two[0])
    assert tuned.version.version == 3
    assert bundle.manifest.thresholds[0] > 0.98  # of anova: .98 is what its word gives
    assert bundle.tflite.read_bytes() == old.tflite.read_bytes()
    assert bundle.manifest.hyperparameters[TUNED] == 1
    assert bundle.manifest.hyperparameters["epochs"] == 3
    assert (tuned.version.learned_until, tuned.version.learned_row) == (
        two[0].learned_until,
        two[0].learned_row,
    )
    precision = {one.name: one for one in tuned.compared.figures}["precision of suggestions"]
    assert precision.after > max(precision.before, 0.9)
    assert all(one.question_id % 2 for one in (x.question for x in tuned.compared.changed))


def test_a_tag_that_has_died_since_is_as_precise_as_the_one_that_it_stands_for(
    sqlite_engine: Engine,
) -> None:
    first, _ = publish_two(sqlite_engine, data_fingerprint="2")
    with sqlite_engine.begin() as connection:
        store_synonyms(connection, "stats", {"t-test": "student-t"}, now=ManualClock().now())
    tuned = tune(sqlite_engine, first, Goal("precision", 0.9))
    with reading(sqlite_engine) as connection:
        manifest = unpack_version(connection, tuned.version).manifest
    assert manifest.thresholds[manifest.labels.index("t-test")] < NEVER


def test_a_tag_that_a_version_knows_by_both_names_is_one_suggestion() -> None:
    anybody: Any = SimpleNamespace(version=1, architecture="")
    one = JudgedVersion(anybody, word_manifest(), np.random.default_rng(0).random((2000, 6)))
    asked = [Asked(number, "", ()) for number in range(2000)]
    judged = Judged(asked, (one,), {}, {"t-test": "regression"})
    scores = judged.evaluated(0, choose(judged, Goal("suggestions", 2.5))).scores
    suggested = (scores.probabilities >= scores.thresholds).sum(axis=1)
    assert suggested.mean() == pytest.approx(2.5, abs=0.01)


def test_it_is_no_training_and_leaves_no_run(sqlite_engine: Engine) -> None:
    first, _ = publish_two(sqlite_engine, data_fingerprint="2")
    tune(sqlite_engine, first, Goal("suggestions", 1.0))
    with reading(sqlite_engine) as connection:
        assert connection.scalar(select(func.count()).select_from(TrainingRun)) == 0


@pytest.mark.parametrize("promote", [None, True, False])
def test_thresholds_of_the_live_network_go_live_by_a_persons_word_alone(
    sqlite_engine: Engine, promote: bool | None
) -> None:
    first, _ = publish_two(sqlite_engine, data_fingerprint="2")
    with sqlite_engine.begin() as connection:
        registry.promote(connection, "stats", 1, now=ManualClock().now(), reason="hand")
    tuned = tune(sqlite_engine, first, Goal("suggestions", 1.0), promote=promote)
    assert tuned.version.live is version(sqlite_engine, 3).live is bool(promote)
    assert "ranks tags as the live version does" in tuned.decision.reason


def test_without_a_live_version_the_gate_lets_it_pass(sqlite_engine: Engine) -> None:
    first, _ = publish_two(sqlite_engine, data_fingerprint="2")
    tuned = tune(sqlite_engine, first, Goal("suggestions", 1.0))
    assert tuned.version.live
    assert tuned.decision.reason.startswith("the site had no live version")


def test_a_worse_ranking_does_not_replace_the_live_one(sqlite_engine: Engine) -> None:
    mixed = ("time-series", "t-test", "regression", "c++", "bayesian", "anova")
    _, wrong = publish_two(sqlite_engine, labels=mixed)
    with sqlite_engine.begin() as connection:
        registry.promote(connection, "stats", 1, now=ManualClock().now(), reason="hand")
    assert not tune(sqlite_engine, wrong, Goal("suggestions", 1.0)).version.live


def test_beside_a_live_version_that_is_refused_the_gate_lets_it_pass(
    sqlite_engine: Engine,
) -> None:
    first, second = publish_two(sqlite_engine, data_fingerprint="2")
    with sqlite_engine.begin() as connection:
        registry.promote(connection, "stats", 2, now=ManualClock().now(), reason="hand")
        damaged = update(BundlePart).where(BundlePart.model_version_id == second.id)
        connection.execute(damaged.values(data=b"?"))
    tuned = tune(sqlite_engine, first, Goal("suggestions", 1.0))
    assert tuned.version.live
    assert tuned.decision.reason.startswith("the live version's bundle is refused")
    with pytest.raises(ModelError):  # there is nothing to make a version of
        tune(sqlite_engine, second, Goal("suggestions", 1.0))


@pytest.mark.parametrize("suggestions", [0.3, 1.0, 2.5, 4.0])
def test_a_number_of_suggestions_is_met_and_tags_keep_their_order(suggestions: float) -> None:
    dice = np.random.default_rng(0)
    probabilities, thresholds = dice.random((2000, 8)), np.linspace(0.2, 0.8, 8)
    thresholds[3] = 2.0
    moved = move_thresholds(thresholds, find_shift(probabilities, thresholds, suggestions))
    assert (probabilities >= moved).sum(axis=1).clip(max=5).mean() == pytest.approx(
        suggestions, abs=0.01
    )
    assert moved[3] == 2
    assert (np.diff(np.delete(moved, 3)) > 0).all()


def test_what_cannot_be_is_one_line(sqlite_engine: Engine) -> None:
    with pytest.raises(TrainingError, match="4 suggestions a question cannot be"):
        find_shift(np.ones((2, 3)), np.full(3, 0.5), 4)
    names = ("k1", "k2", "k3", "k4", "k5", "k6")
    _, second = publish_two(sqlite_engine, labels=names)
    with pytest.raises(TrainingError, match=r"No tag of version 2 is ever as precise as 0\.9"):
        tune(sqlite_engine, second, Goal("precision", 0.9))
