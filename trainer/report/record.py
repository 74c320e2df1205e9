"""What is known of a training run, while it goes on and afterwards; its report is drawn of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from trainer.data.dataset import Dataset, Holdout
from trainer.data.stored import Survey
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.evaluation.examples import Example
from trainer.evaluation.gate import GateDecision
from trainer.progress import Epoch
from trainer.scoring.calibration import CalibrationChoice
from trainer.scoring.metrics import Reliability
from trainer.systems.base import Tagger


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """The questions of a run.

    Attributes:
        parts: how many questions each part has, by its name: train, validation, held-out. Those of
            a site that was cross-validated all train, and validate out of fold.
        oldest: when the oldest question was asked; None where that is not known.
        newest: the same of the newest.
        tag_counts: how many questions have each tag, by tag; all tags of the site.
        labels: the tags that are learned.
        targets: of the training part, shape (questions, labels).
    """

    parts: Mapping[str, int]
    oldest: datetime | None
    newest: datetime | None
    tag_counts: Mapping[str, int]
    labels: tuple[str, ...]
    targets: npt.NDArray[np.uint8]

    @classmethod
    def of(
        cls, dataset: Dataset, holdout: Holdout, survey: Survey, tagger: Tagger | None = None
    ) -> Self:
        """What the report tells of the questions that were read, and were learned by a tagger."""
        train, validation, validated = dataset.split.train, dataset.split.validation, "validation"
        if tagger is not None and tagger.out_of_fold_rows is not None:
            train, validation = tagger.training_rows(dataset), tagger.out_of_fold_rows
            validated = "validation out of fold"
        return cls(
            parts={
                "train": len(train),
                validated: len(validation),
                "held-out": len(holdout.rows),
            },
            oldest=survey.oldest,
            newest=survey.newest,
            tag_counts=_count([*dataset.corpus.tags, *holdout.corpus.tags]),
            labels=dataset.labels,
            targets=dataset.targets[train],
        )


def _count(tags: Iterable[tuple[str, ...]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for own in tags:
        counts.update(own)
    return dict(counts.most_common())


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFigures:
    """How much the candidate's probabilities may be believed, by way of calibration.

    Attributes:
        chosen: the name of the way that was taken.
        log_loss: by the name of each way that was tried.
        calibration_error: the expected calibration error of each, by the same names.
        uncalibrated: the network's own reliability on the validation part, from before it was
            calibrated by that; None where it was not measured.
    """

    chosen: str
    log_loss: Mapping[str, float]
    calibration_error: Mapping[str, float]
    uncalibrated: Reliability | None = None

    @classmethod
    def of(cls, choice: CalibrationChoice, uncalibrated: Reliability) -> Self:
        """How the candidate's probabilities were calibrated, and what else was tried."""
        return cls(
            chosen=choice.kind,
            log_loss={tried.kind: tried.log_loss for tried in choice.tried},
            calibration_error={tried.kind: tried.calibration_error for tried in choice.tried},
            uncalibrated=uncalibrated,
        )


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """One run of a site, filled in while it goes on: what is not known is None or empty.

    Attributes:
        site: whose model is trained.
        run: the key of its row.
        started_at: of the run.
        ended_at: the same.
        outcome: promoted, published or failed.
        decision: None where no candidate came to be evaluated.
        error: one line that says why it failed.
        version: of the candidate in the registry.
        learned_row: the last row of `questions` that the candidate learned from.
        architecture: of the candidate.
        hyperparameters: by name.
        data: None where no questions were read.
        epochs: of the candidate's fitting.
        evaluated_models: the candidate first, then the live version and the baseline, if any.
        calibration: of the candidate.
        best: examples of what it is good at.
        worst: examples of what it is not.
    """

    site: str
    run: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    architecture: str | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    decision: GateDecision | None = None
    error: str | None = None
    version: int | None = None
    learned_row: int | None = None
    data: RunData | None = None
    epochs: tuple[Epoch, ...] = ()
    evaluated_models: tuple[EvaluatedModel, ...] = ()
    calibration: CalibrationFigures | None = None
    best: tuple[Example, ...] = ()
    worst: tuple[Example, ...] = ()

    def add_evaluation(self, evaluation: Evaluation) -> None:
        """Keep how the candidate did beside the others."""
        self.evaluated_models = evaluation.evaluated_models
        self.decision = evaluation.decision
        self.best, self.worst = evaluation.best, evaluation.worst
