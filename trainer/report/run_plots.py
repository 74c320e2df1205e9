"""The pictures that only a run's report has."""

import re
from collections.abc import Mapping, Sequence
from itertools import cycle
from math import isfinite
from typing import Any, Final

import numpy as np

from core.model.post_processing.calibration import logit
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.evaluation.gate import PairedComparison
from trainer.progress import Epoch
from trainer.report.by_tag import TagRow
from trainer.report.plots import (
    BLUE,
    COLOURS,
    GREY,
    Picture,
    fitted_parts,
    legend_below,
    panel,
)
from trainer.scoring.metrics import Floats, Scores

CURVE_POINTS: Final = 400  # an even number, so that what was chosen is one of them
FARTHEST_LOGIT: Final = 20.0  # from a threshold; beyond it nothing changes
PIECE: Final = 1000  # questions at a time
THIRDS: Final = ("frequent", "middling", "rare")


def comparisons(found: Sequence[tuple[str, PairedComparison]]) -> Picture:
    """By how much the candidate is ahead of each, with the interval; left of 0 it is behind."""

    def draw(axes: Any) -> None:
        for place, (_, comparison) in enumerate(found):
            middle = comparison.difference
            ends = [[middle - comparison.low], [comparison.high - middle]]
            axes.errorbar([middle], [place], xerr=ends, fmt="o", color=BLUE, ecolor=GREY, capsize=3)
        axes.axvline(0, color="#3d4650", linewidth=1)
        axes.set_yticks(range(len(found)), [f"against the\n{name}" for name, _ in found])
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set(xlabel="lead of the candidate in nDCG@5 (all tags)")

    height = 0.9 + 0.5 * len(found)
    return [panel("lead of the candidate, with its 95% interval", draw, height=height)]


def learning_curves(epochs: Sequence[Epoch]) -> Picture:
    """The loss on the training and the validation part by epoch, and precision@1 on the latter.

    Of a site that is cross-validated no epoch is judged: there the loss is all.

    Parts that are alike but for their first weights have one colour and one line in the legend.
    """
    parts = fitted_parts(epochs)
    kinds = list(dict.fromkeys(_kind(part) for part in parts))
    colours = dict(zip(kinds, cycle(COLOURS), strict=False))

    measured = {_kind(part) for part in parts if isfinite(part[-1].val_precision_at_1)}

    def draw_losses(axes: Any) -> None:
        for part in parts:
            look = {"color": colours[_kind(part)], "alpha": 0.75, "linewidth": 1.2}
            numbers = [epoch.number for epoch in part]
            axes.plot(numbers, [epoch.loss for epoch in part], ".--", **look)
            axes.plot(numbers, [epoch.val_loss for epoch in part], ".-", **look)
        axes.set(title="loss", xlabel="epoch")
        _count_epochs(axes, [*_lines(colours), *_lines({"training part": GREY}, dashed=True)])

    def draw_precision(axes: Any) -> None:
        for part in parts:
            look = {"color": colours[_kind(part)], "alpha": 0.75, "linewidth": 1.2}
            shown = [epoch.val_precision_at_1 for epoch in part]
            axes.plot([epoch.number for epoch in part], shown, ".-", **look)
        axes.set(title="precision@1 (known tags), validation part", xlabel="epoch")
        _count_epochs(axes, _lines({kind: colours[kind] for kind in kinds if kind in measured}))

    losses = panel("loss by epoch", draw_losses, height=4.0)
    if not measured:
        return [losses]
    shows = "precision@1 on the validation part by epoch"
    return [losses, panel(shows, draw_precision, height=4.0)]


def _kind(part: Sequence[Epoch]) -> str:
    """What is fitted, without its number: "reader 2 of 4 again" is of the "readers again"."""
    return re.sub(r" \d+ of \d+", "s", part[0].part) or "the network"


def _lines(colours: Mapping[str, str], *, dashed: bool = False) -> list[Any]:
    """What a legend shows of lines."""
    from matplotlib.lines import Line2D  # noqa: PLC0415

    style: Any = "--" if dashed else "-"
    return [Line2D([], [], color=colours[name], linestyle=style, label=name) for name in colours]


def _count_epochs(axes: Any, lines: Sequence[Any]) -> None:
    axes.xaxis.get_major_locator().set_params(integer=True)
    legend_below(axes, lines)


def precision_and_recall(
    evaluated_models: Sequence[EvaluatedModel], rows: Sequence[TagRow]
) -> Picture:
    """First each model's curve over all its tags; then the candidate's tags."""

    def draw_curves(axes: Any) -> None:
        for colour, evaluated_model in zip(COLOURS, evaluated_models, strict=False):
            precision, recall = micro_curve(evaluated_model.scores)
            axes.plot(recall, precision, color=colour, label=evaluated_model.name)
            chosen_precision, chosen_recall = at_thresholds(evaluated_model.scores)
            axes.plot(chosen_recall, chosen_precision, "o", color=colour)
        _show_shares(axes, "all tags together")

    def draw_tags(axes: Any) -> None:
        for third, part in zip(THIRDS, np.array_split(np.arange(len(rows)), 3), strict=True):
            shown = [rows[place] for place in part]
            recalls, precisions = [row.recall for row in shown], [row.precision for row in shown]
            axes.scatter(recalls, precisions, s=16, alpha=0.65, label=f"{third} tags")
        _show_shares(axes, "each tag of the candidate, at its threshold")

    return [
        panel("precision against recall, all tags together", draw_curves, height=4.4),
        panel("precision and recall of each tag of the candidate", draw_tags, height=4.4),
    ]


def _show_shares(axes: Any, title: str) -> None:
    axes.set(title=title, xlabel="recall", ylabel="precision")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    legend_below(axes)


def micro_curve(scores: Scores) -> tuple[Floats, Floats]:
    """Return precision and recall of all pairs of question and tag, as thresholds fall together.

    Every tag keeps its own threshold, and all of them are moved by as much on the scale of logits:
    so what was chosen, at_thresholds(), is a point of the curve. Steps are even on that scale, so
    that millions of pairs need no sorting; those that nothing reaches are left out. A tag that is
    never suggested stays so.
    """
    edges = np.linspace(-FARTHEST_LOGIT, FARTHEST_LOGIT, CURVE_POINTS + 1)
    pairs, right = np.zeros(CURVE_POINTS), np.zeros(CURVE_POINTS)
    suggested = scores.thresholds <= 1
    thresholds = logit(scores.thresholds[suggested])
    for start in range(0, len(scores.targets), PIECE):
        rows = slice(start, start + PIECE)
        above = logit(scores.probabilities[rows][:, suggested]) - thresholds
        above = above.clip(-FARTHEST_LOGIT, FARTHEST_LOGIT)
        pairs += np.histogram(above, edges)[0]
        right += np.histogram(above[scores.targets[rows][:, suggested] == 1], edges)[0]
    predicted, found = np.cumsum(pairs[::-1]), np.cumsum(right[::-1])
    reached = predicted > 0
    asked = max(int(scores.targets.sum(dtype=np.int64)), 1)
    return (found / np.maximum(predicted, 1))[reached], (found / asked)[reached]


def at_thresholds(scores: Scores) -> tuple[float, float]:
    """Return precision and recall of what is predicted, over all tags."""
    found = int((scores.predicted & (scores.targets == 1)).sum())
    return found / max(int(scores.predicted.sum()), 1), found / max(int(scores.targets.sum()), 1)
