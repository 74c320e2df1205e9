"""Which models are compared on which questions, and what follows; without any training."""

import numpy as np
import pytest
from sqlalchemy import Engine, update

from core.database.tables import BundlePart
from core.model.registry import Version
from tests.conftest import ManualClock
from tests.models import sentence_bundle, word_bundle
from tests.rows import publish_live
from tests.trainer.evaluation.made_up_candidate import (
    HOLDOUT,
    QUESTIONS,
    made_up_candidate,
    store_tagged_questions,
)
from trainer.evaluation import evaluate, evaluated_models
from trainer.evaluation.evaluate import Evaluation, evaluate_candidate, find_new_tags
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.evaluation.gate import ranking_quality
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import Scores


class Notes(ProgressReporter):
    """Keeps what a person should know."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def run(
    engine: Engine,
    live: Version | None,
    *,
    right: bool = True,
    reporter: ProgressReporter | None = None,
) -> Evaluation:
    return evaluate_candidate(
        engine,
        made_up_candidate(right=right),
        live,
        confidence=0.8,
        seed=0,
        reporter=reporter or ProgressReporter(),
    )


def names(evaluation: Evaluation) -> list[str]:
    return [model.name for model in evaluation.evaluated_models]


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    """The site stats has questions, and no model."""
    store_tagged_questions(sqlite_engine)
    return sqlite_engine


def publish(engine: Engine, *, learned_through: int | None) -> Version:
    bundle = word_bundle(learned_through=learned_through)
    return publish_live(engine, bundle, now=ManualClock().now())


def test_a_sites_first_candidate_is_compared_with_the_baseline_alone(engine: Engine) -> None:
    found = run(engine, None)
    assert names(found) == ["candidate", "baseline"]
    assert len(found.tags) == HOLDOUT
    assert found.decision.promote
    assert found.decision.against_live is None
    assert found.decision.reason.startswith("the site had no live version; beside the linear")


def test_a_candidate_no_better_than_the_most_frequent_tags_waits_though_nothing_else_is_there(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("no words")

    monkeypatch.setattr(evaluate, "run_baseline", fails)
    found = run(engine, None, right=False)
    assert not found.decision.promote
    assert found.decision.reason.startswith("not surely better than always suggesting")
    found = run(engine, None)  # better than those, and with nothing else to compare it with
    assert not found.decision.promote
    assert found.decision.reason == "no linear baseline could be fitted to compare it with"


def test_candidate_and_baseline_are_compared_over_the_tags_that_both_know(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluated_models, "BASELINE_LABELS", 3)
    found = run(engine, None)
    baseline = found.evaluated_models[1]
    compared = found.decision.against_baseline
    assert compared is not None
    ours = ranking_quality(found.evaluated_models[0].over(baseline.labels), found.tags)
    assert compared.candidate == pytest.approx(ours.mean())
    assert compared.candidate < ranking_quality(found.evaluated_models[0].scores, found.tags).mean()


def test_all_are_scored_on_the_questions_that_the_live_version_has_not_seen(
    engine: Engine,
) -> None:
    found = run(engine, publish(engine, learned_through=QUESTIONS - 35))
    assert names(found) == ["candidate", "live", "baseline"]
    assert len(found.tags) == 35
    assert {len(model.scores.targets) for model in found.evaluated_models} == {35}
    assert found.evaluated_models[1].description == "words, version 1"


def test_a_candidate_that_is_wrong_is_not_promoted_over_a_live_version_that_is_right(
    engine: Engine,
) -> None:
    found = run(engine, publish(engine, learned_through=QUESTIONS - HOLDOUT), right=False)
    assert not found.decision.promote
    assert found.decision.against_live is not None
    assert found.decision.against_live.other == 1
    assert found.decision.against_live.confidence == 0


def test_a_live_version_that_has_seen_nearly_all_is_not_compared_with(engine: Engine) -> None:
    found = run(engine, publish(engine, learned_through=QUESTIONS - 29))
    assert names(found) == ["candidate", "baseline"]
    assert len(found.tags) == HOLDOUT
    assert not found.decision.promote
    assert found.decision.reason.startswith("too few questions are unseen by the live version")


@pytest.mark.parametrize("learned_through", [None, QUESTIONS - 35])
def test_beside_a_refused_live_version_the_candidate_is_scored_on_the_whole_holdout(
    engine: Engine, learned_through: int | None
) -> None:
    live, reporter = publish(engine, learned_through=learned_through), Notes()
    with engine.begin() as connection:
        connection.execute(update(BundlePart).values(data=b"?"))
    found = run(engine, live, reporter=reporter)
    assert names(found) == ["candidate", "baseline"]
    assert len(found.tags) == HOLDOUT
    assert found.decision.reason.startswith("the live version's bundle is refused")
    (note,) = reporter.notes
    assert note.startswith("The live version is refused: ")


def test_a_live_version_without_its_encoder_is_left_to_a_person(engine: Engine) -> None:
    live, reporter = publish_live(engine, sentence_bundle(), now=ManualClock().now()), Notes()
    found = run(engine, live, reporter=reporter)
    assert names(found) == ["candidate", "baseline"]
    assert not found.decision.promote  # workers may have it
    assert found.decision.reason.startswith("the live version reads a sentence encoder that is not")
    (note,) = reporter.notes
    assert "TAGGER_TEACHER names none here" in note


def test_a_baseline_that_cannot_be_fitted_fails_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("one class only")

    monkeypatch.setattr(evaluate, "run_baseline", fail)
    reporter = Notes()
    found = run(engine, None, reporter=reporter)
    assert names(found) == ["candidate"]
    assert not found.decision.promote
    assert reporter.notes == ["The linear baseline could not be fitted: one class only"]


def test_new_tags_are_those_that_questions_have_and_ours_alone_knows() -> None:
    def knows(*labels: str, uses: list[int]) -> EvaluatedModel:
        targets = np.tile(np.array(uses, np.uint8), (3, 1))
        scores = Scores(targets, np.full(targets.shape, 0.5), np.full(len(labels), 0.5))
        return EvaluatedModel(name="a", description="b", labels=labels, scores=scores)

    ours = knows("jax", "r", "polars", "unused", uses=[1, 1, 1, 0])
    assert find_new_tags(ours, knows("r", uses=[1])) == ("jax", "polars")


def test_examples_have_the_titles_and_links_of_the_database(engine: Engine) -> None:
    found = run(engine, None)
    for example in (*found.best, *found.worst):
        assert example.title == f"Question {example.question_id} of {example.tags[0]}"
        assert QUESTIONS - HOLDOUT < example.question_id <= QUESTIONS
    assert [example.quality for example in found.best] == [1.0] * 5
