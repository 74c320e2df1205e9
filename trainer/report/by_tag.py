"""How good a model is at each of its tags."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.scoring.metrics import Scores, label_f1


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRow:
    """One tag of a model, evaluated on the held-out questions; NaN is what cannot be said.

    Attributes:
        tag: its name.
        training: how many questions of the training part have it.
        holdout: how many held-out questions have it.
        threshold: from which probability on it is suggested.
        precision: of those for which it was predicted, the share that have it.
        recall: of those that have it, the share for which it was predicted.
        f1: their harmonic mean.
        average_precision: the area under the tag's precision-recall curve, whatever the threshold.
    """

    tag: str
    training: int
    holdout: int
    threshold: float
    precision: float
    recall: float
    f1: float
    average_precision: float


def tag_rows(candidate: EvaluatedModel, training: npt.NDArray[np.int64]) -> list[TagRow]:
    """Return a row for each of the candidate's labels, those learned from most first.

    Args:
        candidate: whose scores.
        training: how many questions to learn from have each label, shape (labels,).
    """
    scores = candidate.scores
    holdout = scores.targets.sum(axis=0, dtype=np.int64)
    found = (scores.predicted & (scores.targets == 1)).sum(axis=0)
    predicted = scores.predicted.sum(axis=0)
    f1 = label_f1(scores)
    rows = [
        TagRow(
            tag=tag,
            training=int(training[place]),
            holdout=int(holdout[place]),
            threshold=float(scores.thresholds[place]),
            precision=_ratio(found[place], predicted[place]),
            recall=_ratio(found[place], holdout[place]),
            f1=float(f1[place]) if holdout[place] else float("nan"),
            average_precision=_label_average_precision(scores, place),
        )
        for place, tag in enumerate(candidate.labels)
    ]
    return sorted(rows, key=lambda row: (-row.training, row.tag))


def _ratio(part: np.int64, whole: np.int64) -> float:
    return float(part / whole) if whole else float("nan")


def _label_average_precision(scores: Scores, label: int) -> float:
    from sklearn.metrics import average_precision_score  # noqa: PLC0415

    if not scores.targets[:, label].any():
        return float("nan")
    return float(average_precision_score(scores.targets[:, label], scores.probabilities[:, label]))
