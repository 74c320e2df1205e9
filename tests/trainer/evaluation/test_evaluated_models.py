from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import BundleRefused
from core.model.predictor import Model
from core.questions.selection import Selection
from core.questions.tags.synonyms import store_synonyms
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import publish_live
from tests.trainer.evaluation.made_up_candidate import (
    HOLDOUT,
    QUESTIONS,
    made_up_candidate,
    store_tagged_questions,
)
from trainer.evaluation import evaluated_models
from trainer.evaluation.evaluated_models import (
    EvaluatedModel,
    holdout_questions,
    load_live,
    run_baseline,
    run_candidate,
    run_live,
    tag_counts,
    version_metrics,
)
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import Scores

SELECTION = Selection("stats")


def test_a_question_that_names_a_tag_twice_has_it_once() -> None:
    holdout = made_up_candidate().holdout
    twice = replace(holdout.corpus, tags=(("a", "b", "a"),) * len(holdout.corpus.tags))
    assert tag_counts(replace(holdout, corpus=twice)).tolist() == [2] * HOLDOUT


def test_the_candidate_is_scored_over_its_own_labels() -> None:
    candidate = made_up_candidate()
    found = run_candidate(candidate, candidate.holdout)
    assert (found.name, found.description, found.labels) == ("candidate", "simple", LABELS)
    assert found.scores.targets.shape == found.scores.probabilities.shape == (HOLDOUT, 6)
    assert found.scores.hits[:, 0].all()


def test_the_held_out_questions_are_read_with_their_places(sqlite_engine: Engine) -> None:
    store_tagged_questions(sqlite_engine)
    with reading(sqlite_engine) as connection:
        found = list(holdout_questions(connection, SELECTION, made_up_candidate().holdout))
    assert [place for place, _ in found] == list(range(HOLDOUT))
    first = QUESTIONS - HOLDOUT + 1
    assert [question.question_id for _, question in found] == list(range(first, QUESTIONS + 1))


def test_the_live_version_reads_the_questions_by_itself(sqlite_engine: Engine) -> None:
    store_tagged_questions(sqlite_engine)
    known = word_bundle(thresholds=(0.3,) * len(LABELS))
    found = run_live(
        sqlite_engine, Model(known), "words, version 3", SELECTION, made_up_candidate().holdout
    )
    assert (found.name, found.description, found.labels) == ("live", "words, version 3", LABELS)
    assert found.scores.thresholds.tolist() == [0.3] * len(LABELS)
    assert found.scores.hits[:, 0].all()
    assert found.scores.probabilities.max(axis=1) == pytest.approx(
        np.full(HOLDOUT, 0.982), abs=0.01
    )


def test_dead_labels_of_the_live_version_count_for_the_living_ones(sqlite_engine: Engine) -> None:
    candidate = made_up_candidate()
    store_tagged_questions(sqlite_engine)
    dead, living = LABELS[0], LABELS[1]
    with sqlite_engine.begin() as connection:
        store_synonyms(connection, "stats", {dead: living}, now=ManualClock().now())
    model = Model(word_bundle())
    joined = run_live(sqlite_engine, model, "live", SELECTION, candidate.holdout)
    assert joined.labels == LABELS[1:]
    assert joined.scores.probabilities.shape == (HOLDOUT, len(LABELS) - 1)


def test_a_question_that_is_gone_has_no_probability(sqlite_engine: Engine) -> None:
    found = run_live(
        sqlite_engine, Model(word_bundle()), "", SELECTION, made_up_candidate().holdout
    )
    assert not found.scores.probabilities.any()


def test_a_live_version_is_loaded_as_workers_load_it(sqlite_engine: Engine) -> None:
    version = publish_live(sqlite_engine, word_bundle(), now=ManualClock().now())
    assert load_live(sqlite_engine, version).manifest.labels == LABELS
    with pytest.raises(BundleRefused):
        load_live(sqlite_engine, replace(version, sha256="0" * 64))


def test_the_baseline_learns_the_older_questions_and_tags_the_newest() -> None:
    candidate = made_up_candidate()
    found = run_baseline(candidate.dataset, candidate.holdout, seed=0, reporter=ProgressReporter())
    assert (found.name, found.labels) == ("baseline", LABELS)
    assert found.scores.hits[:, 0].mean() > 0.9


def test_the_baseline_learns_the_most_frequent_labels_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    candidate = made_up_candidate()
    monkeypatch.setattr(evaluated_models, "BASELINE_LABELS", 2)
    dataset = candidate.dataset
    uses = dataset.targets[dataset.split.train].sum(axis=0)
    found = run_baseline(dataset, candidate.holdout, seed=0, reporter=ProgressReporter())
    assert len(found.labels) == 2
    assert {uses[LABELS.index(label)] for label in found.labels} <= set(sorted(uses)[-2:])
    assert found.description.endswith("2 most frequent tags")
    assert found.scores.probabilities.shape == (HOLDOUT, 2)


def test_scores_over_some_labels_leave_the_others_out() -> None:
    scores = Scores(TARGETS, PROBABILITIES, np.array([0.5, 0.4]))
    model = EvaluatedModel(name="live", description="", labels=("a", "b"), scores=scores)
    some = model.over(["b"])
    assert some.targets.tolist() == [[0], [1], [0]]
    assert some.probabilities.tolist() == [[0.1], [0.2], [0.3]]
    assert some.thresholds.tolist() == [0.4]


TARGETS = np.array([[1, 0], [0, 1], [0, 0]], np.uint8)
PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.3]])


def test_a_versions_figures_are_of_known_tags_and_its_agreement_of_all() -> None:
    scores = Scores(TARGETS, PROBABILITIES, np.full(2, 0.5))
    model = EvaluatedModel(name="candidate", description="", labels=("a", "b"), scores=scores)
    found = version_metrics(model, np.array([1, 2, 1]))
    assert (found["test_questions"], found["agreement_questions"]) == (2, 3)
    assert found["precision_at_1"] == 1 / 2
    assert found["recall_at_5"] == 1
    assert found["agreement_precision_at_1"] == pytest.approx(1 / 3)
    assert found["agreement_recall_at_5"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert found["agreement_without_suggestion"] == pytest.approx(1 / 3)


def test_a_version_that_knows_none_of_the_tags_has_its_agreement_alone() -> None:
    scores = Scores(np.zeros((3, 2), np.uint8), PROBABILITIES, np.full(2, 0.5))
    model = EvaluatedModel(name="candidate", description="", labels=("a", "b"), scores=scores)
    found = version_metrics(model, np.ones(3, np.int64))
    assert found.keys() == {
        "test_questions",
        "agreement_questions",
        "agreement_precision_at_1",
        "agreement_recall_at_5",
        "agreement_ndcg_at_5",
        "agreement_without_suggestion",
    }
    assert found["test_questions"] == 0
