"""What is known of a training run while it goes on; its report is made of it, however it ends."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trainer.data.dataset import Dataset, Holdout
from trainer.data.stored import Survey
from trainer.evaluation.evaluate import Judgement
from trainer.evaluation.gate import Decision, EvaluatedModel
from trainer.progress import Epoch
from trainer.report.page import to_html
from trainer.report.run_report import CalibrationFigures, Example, RunData, RunReport
from trainer.runs.rows import Outcome
from trainer.scoring.calibration import CalibrationChoice
from trainer.scoring.metrics import Reliability

log = logging.getLogger(__name__)


@dataclass
class Account:
    """Grows while a run goes on; see RunReport for what stands where.

    Attributes:
        run: the key of its row.
        site: whose model is trained.
        architecture: of the candidate.
        started_at: of the run.
    """

    run: int
    site: str
    architecture: str
    started_at: datetime
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    data: RunData | None = None
    epochs: tuple[Epoch, ...] = ()
    calibration: CalibrationFigures | None = None
    evaluated_models: tuple[EvaluatedModel, ...] = ()
    decision: Decision | None = None
    best: tuple[Example, ...] = ()
    worst: tuple[Example, ...] = ()
    version: int | None = None
    error: str | None = None

    def describe_data(self, dataset: Dataset, holdout: Holdout, data: Survey) -> None:
        """Keep what the report tells of the questions."""
        parts = dataset.split
        self.data = RunData(
            parts={
                "train": len(parts.train),
                "validation": len(parts.validation),
                "held-out": len(holdout.rows),
            },
            oldest=data.oldest,
            newest=data.newest,
            tag_counts=_count([*dataset.corpus.tags, *holdout.corpus.tags]),
            labels=dataset.labels,
            targets=dataset.targets[parts.train],
        )

    def describe_calibration(
        self, choice: CalibrationChoice, uncalibrated: Reliability | None
    ) -> None:
        """Keep how the candidate's probabilities were calibrated, and what else was tried."""
        self.calibration = CalibrationFigures(
            chosen=choice.kind,
            log_loss={tried.kind: tried.log_loss for tried in choice.tried},
            calibration_error={tried.kind: tried.calibration_error for tried in choice.tried},
            uncalibrated=uncalibrated,
        )

    def describe_judgement(self, judgement: Judgement) -> None:
        """Keep how the candidate did beside the others."""
        self.evaluated_models = judgement.evaluated_models
        self.decision = judgement.decision
        self.best, self.worst = judgement.best, judgement.worst

    def report(self, outcome: Outcome, now: datetime) -> str | None:
        """Return the report's HTML; None where even that fails, which fails no run."""
        try:
            return to_html(
                RunReport(
                    site=self.site,
                    run=self.run,
                    started_at=self.started_at,
                    ended_at=now,
                    outcome=outcome,
                    architecture=self.architecture,
                    hyperparameters=self.hyperparameters,
                    decision=self.decision,
                    error=self.error,
                    version=self.version,
                    data=self.data,
                    epochs=self.epochs,
                    evaluated_models=self.evaluated_models,
                    calibration=self.calibration,
                    best=self.best,
                    worst=self.worst,
                )
            )
        except Exception:
            log.exception("the report of the run %d of %s cannot be drawn", self.run, self.site)
            return None


def _count(tags: Iterable[tuple[str, ...]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for own in tags:
        counts.update(own)
    return dict(counts.most_common())
