"""The pictures that only a run's report has, each as the text of an SVG."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from core.model.calibration import sigmoid
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.evaluation.gate import PairedComparison
from trainer.progress import Epoch
from trainer.report.by_tag import TagRow
from trainer.report.plots import BLUE, COLOURS, GREY, figure, fitted_parts
from trainer.scoring.metrics import Floats, Scores

CURVE_POINTS: Final = 300
FARTHEST_LOGIT: Final = 12.0  # beyond it a probability is as good as certain
THIRDS: Final = ("frequent", "middling", "rare")


def comparisons(found: Sequence[tuple[str, PairedComparison]]) -> str:
    """By how much the candidate is ahead of each, with the interval; left of 0 it is behind."""

    def draw(axes: Any) -> None:
        for place, (_, comparison) in enumerate(found):
            middle = comparison.difference
            ends = [[middle - comparison.low], [comparison.high - middle]]
            axes.errorbar([middle], [place], xerr=ends, fmt="o", color=BLUE, ecolor=GREY, capsize=3)
        axes.axvline(0, color="#3d4650", linewidth=1)
        axes.set_yticks(range(len(found)), [f"against the {name}" for name, _ in found])
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set(xlabel="lead of the candidate in nDCG@5")

    return figure(draw, height=0.9 + 0.4 * len(found))


def learning_curves(epochs: Sequence[Epoch]) -> str:
    """The loss on the training and the validation part by epoch, and precision@1 on the latter."""

    def draw(axes: Any) -> None:
        loss, precision = axes
        for place, part in enumerate(fitted_parts(epochs)):
            numbers = [epoch.number for epoch in part]
            name = part[0].part and f"{part[0].part}, "
            colour = COLOURS[place % len(COLOURS)]
            look = {"color": colour, "marker": "."}
            trained, validated = [epoch.loss for epoch in part], [epoch.val_loss for epoch in part]
            loss.plot(numbers, trained, linestyle="--", label=f"{name}training", **look)
            loss.plot(numbers, validated, label=f"{name}validation", **look)
            precision.plot(numbers, [epoch.val_precision_at_1 for epoch in part], **look)
        loss.legend(fontsize=8)
        for axis in axes:
            axis.xaxis.get_major_locator().set_params(integer=True)
        loss.set(title="loss", xlabel="epoch")
        precision.set(title="precision@1 on the validation part", xlabel="epoch")

    return figure(draw, columns=2)


def precision_and_recall(evaluated_models: Sequence[EvaluatedModel], rows: Sequence[TagRow]) -> str:
    """On the left each model's curve over all its tags; on the right the candidate's tags."""

    def draw(axes: Any) -> None:
        for colour, evaluated_model in zip(COLOURS, evaluated_models, strict=False):
            precision, recall = micro_curve(evaluated_model.scores)
            axes[0].plot(recall, precision, color=colour, label=evaluated_model.name)
            axes[0].plot(*at_thresholds(evaluated_model.scores), "o", color=colour)
        axes[0].set(title="all tags together")
        axes[0].legend(fontsize=8)
        for third, part in zip(THIRDS, np.array_split(np.arange(len(rows)), 3), strict=True):
            shown = [rows[place] for place in part]
            recalls, precisions = [row.recall for row in shown], [row.precision for row in shown]
            axes[1].scatter(recalls, precisions, s=16, alpha=0.65, label=f"{third} tags")
        axes[1].set(title="each tag of the candidate, at its threshold")
        axes[1].legend(fontsize=8)
        for part in axes:
            part.set(xlabel="recall", ylabel="precision", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))

    return figure(draw, columns=2, height=4.2)


def micro_curve(scores: Scores) -> tuple[Floats, Floats]:
    """Return precision and recall of all pairs of question and tag, by descending thresholds.

    The thresholds are evenly spread on the scale of logits, so that millions of pairs need no
    sorting; those that nothing reaches are left out.
    """
    edges = sigmoid(np.linspace(-FARTHEST_LOGIT, FARTHEST_LOGIT, CURVE_POINTS + 1))
    edges[0], edges[-1] = 0, 1
    pairs, _ = np.histogram(scores.probabilities, edges)
    right, _ = np.histogram(scores.probabilities[scores.targets == 1], edges)
    predicted, found = np.cumsum(pairs[::-1]), np.cumsum(right[::-1])
    reached = predicted > 0
    return (found / np.maximum(predicted, 1))[reached], (found / max(found[-1], 1))[reached]


def at_thresholds(scores: Scores) -> tuple[float, float]:
    """Return recall and precision of what is predicted, over all tags."""
    found = int((scores.predicted & (scores.targets == 1)).sum())
    return found / max(int(scores.targets.sum()), 1), found / max(int(scores.predicted.sum()), 1)
