"""A run's report without training: made-up scores, and texts that mean harm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from tests.trainer.made_up import labelled, made_up_dataset, made_up_questions
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.evaluation.examples import Example, make_example
from trainer.evaluation.gate import compare_paired, decide_promotion, ranking_quality
from trainer.progress import Epoch
from trainer.report.record import CalibrationFigures, RunData, RunRecord
from trainer.scoring.metrics import Scores, reliability

EVIL = '<script>alert("x")</script>'
EVIL_TAG = "$\\frac$<b>"
LABELS = ("apples", "c++", EVIL_TAG, "grapes", "kiwis", "limes")
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def made_up_evaluated_model(name: str, skill: float) -> EvaluatedModel:
    dataset = made_up_dataset(200)
    targets = dataset.targets[dataset.split.test]
    noise = np.random.default_rng(0).random(targets.shape)
    probabilities = skill * targets + (1 - skill) * noise
    scores = Scores(targets, probabilities, np.full(6, 0.5))
    return EvaluatedModel(name=name, description=f"{name} {EVIL}", labels=LABELS, scores=scores)


def made_up_data() -> RunData:
    dataset = made_up_dataset(200)
    return RunData(
        parts={"train": 144, "validation": 16, "held-out": 40},
        oldest=STARTED - timedelta(days=400),
        newest=STARTED - timedelta(days=7),
        tag_counts={tag: 100 - 10 * place for place, tag in enumerate((*LABELS, "rare"))},
        labels=LABELS,
        targets=dataset.targets[dataset.split.train],
    )


def made_up_report() -> RunRecord:
    evaluated_models = [
        made_up_evaluated_model(name, skill)
        for name, skill in (("candidate", 0.6), ("live", 0.4), ("baseline", 0.2))
    ]
    qualities = [
        ranking_quality(one.scores, one.scores.targets.sum(axis=1, dtype=np.int64).clip(min=1))
        for one in evaluated_models
    ]
    return RunRecord(
        site="fruit",
        run=7,
        started_at=STARTED,
        ended_at=STARTED + timedelta(minutes=3, seconds=5),
        outcome="promoted",
        architecture="conv1d",
        hyperparameters={"epochs": 3, "class_weights": False},
        decision=decide_promotion(
            compare_paired(qualities[0], qualities[1]),
            compare_paired(qualities[0], qualities[2]),
            compare_paired(qualities[0], 0 * qualities[0]),
            live="evaluated",
            confidence=0.9,
        ),
        version=4,
        data=made_up_data(),
        epochs=made_up_epochs(3),
        evaluated_models=tuple(evaluated_models),
        calibration=CalibrationFigures(
            chosen="isotonic",
            log_loss={"none": 0.3, "temperature": 0.2, "isotonic": 0.1},
            calibration_error={"none": 0.03, "temperature": 0.02, "isotonic": 0.01},
            uncalibrated=reliability(evaluated_models[2].scores),
        ),
        best=(made_up_example(evaluated_models[0], "Which apple?", "https://fruit.example/q/1"),),
        worst=(made_up_example(evaluated_models[0], f"Why {EVIL}?", "javascript:alert(1)"),),
    )


def made_up_example(candidate: EvaluatedModel, title: str, link: str) -> Example:
    question = labelled(next(iter(made_up_questions(1))))
    question = replace(question, title=title, link=link, tags=LABELS[1:4])
    return make_example(question, candidate, 0, 0.5)


def made_up_epochs(count: int) -> tuple[Epoch, ...]:
    return tuple(
        Epoch(
            number=number,
            of=count,
            loss=1 / number,
            val_loss=1.1 / number,
            val_precision_at_1=0.5,
            seconds=1.0,
        )
        for number in range(1, count + 1)
    )


def failed_report() -> RunRecord:
    """A run that read its questions, and then failed."""
    return RunRecord(
        site="fruit",
        run=8,
        started_at=STARTED,
        ended_at=STARTED,
        outcome="failed",
        architecture="conv1d",
        hyperparameters={},
        error=f"It did not learn: {EVIL}",
        data=made_up_data(),
    )
