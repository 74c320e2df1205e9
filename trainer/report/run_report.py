"""What the report of a training run tells of, drawn by `trainer.report.page`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.evaluation.gate import Decision, EvaluatedModel
from trainer.progress import Epoch
from trainer.scoring.metrics import Reliability


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """The questions of a run.

    Attributes:
        parts: how many questions each part has, by its name: train, validation, held-out.
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


@dataclass(frozen=True, slots=True)
class ProbableTag:
    """One of the candidate's most probable tags for a question."""

    tag: str
    probability: float
    suggested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A held-out question and what the candidate says of it.

    Attributes:
        question_id: the site's number for it.
        title: plain text.
        link: to it on its site, where that is known.
        tags: its author's.
        found: the most probable first.
        quality: its nDCG@5.
    """

    question_id: int
    title: str
    link: str | None
    tags: tuple[str, ...]
    found: tuple[ProbableTag, ...]
    quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run of a site, however it ended: what is not known is None or empty.

    Attributes:
        site: whose model was trained.
        run: the key of its row.
        started_at: of the run.
        ended_at: the same.
        outcome: promoted, published or failed.
        decision: None where no candidate came to be judged.
        error: one line that says why it failed.
        version: of the candidate in the registry.
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
    ended_at: datetime
    outcome: str
    architecture: str | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    decision: Decision | None = None
    error: str | None = None
    version: int | None = None
    data: RunData | None = None
    epochs: tuple[Epoch, ...] = ()
    evaluated_models: tuple[EvaluatedModel, ...] = ()
    calibration: CalibrationFigures | None = None
    best: tuple[Example, ...] = ()
    worst: tuple[Example, ...] = ()
