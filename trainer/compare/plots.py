"""The pictures of a comparison."""

from collections.abc import Sequence
from functools import partial
from itertools import cycle
from math import isfinite
from typing import Any

import numpy as np

from trainer.compare.run import Data, Result
from trainer.progress import Epoch
from trainer.report.plots import (
    BLUE,
    COLOURS,
    GREY,
    Picture,
    fitted_parts,
    legend_below,
    panel,
)

Results = Sequence[tuple[str, Result]]


def intervals(results: Results) -> Picture:
    """Precision@1 of each system with its interval, the best on top."""
    ranked = sorted(results, key=lambda pair: -pair[1].estimates["precision_at_1"].value)
    found = [result.estimates["precision_at_1"] for _, result in ranked]

    def draw(axes: Any) -> None:
        places = np.arange(len(ranked))
        middle = np.array([estimate.value for estimate in found])
        low = middle - [estimate.low for estimate in found]
        high = [estimate.high for estimate in found] - middle
        axes.errorbar(middle, places, xerr=[low, high], fmt="o", color=BLUE, ecolor=GREY)
        axes.set_yticks(places, [name for name, _ in ranked])
        axes.invert_yaxis()
        axes.set(xlabel="precision@1 (known tags)")

    return [panel("precision@1 with its interval", draw, height=1 + 0.28 * len(ranked))]


def learning_curves(results: Results) -> Picture | None:
    """The loss of each network by epoch; None where no system has epochs.

    Of a site that is cross-validated a network may have none on the validation part.
    """
    fitted = [(name, result.epochs) for name, result in results if result.epochs]
    if not fitted:
        return None

    def draw(axes: Any, *, validation: bool) -> None:
        looks = cycle([(colour, style) for style in ("-", "--", ":") for colour in COLOURS])
        for (name, epochs), (colour, style) in zip(fitted, looks, strict=False):
            if validation and not _is_judged(epochs):
                continue
            for place, run in enumerate(fitted_parts(epochs)):
                numbers = [epoch.number for epoch in run]
                losses = [epoch.val_loss if validation else epoch.loss for epoch in run]
                look = {"color": colour, "linestyle": style, "marker": "."}
                axes.plot(numbers, losses, label=None if place else name, **look)
        axes.set(xlabel="epoch", ylabel="loss")
        axes.set(title="validation part" if validation else "training part")
        legend_below(axes)

    height = 3.4 + 0.1 * len(fitted)  # two names a line below
    shown = "loss on the {} part by epoch"
    training = panel(shown.format("training"), partial(draw, validation=False), height=height)
    if not any(_is_judged(epochs) for _, epochs in fitted):
        return [training]
    judged = panel(shown.format("validation"), partial(draw, validation=True), height=height)
    return [training, judged]


def _is_judged(epochs: Sequence[Epoch]) -> bool:
    return any(isfinite(epoch.val_loss) for epoch in epochs)


def f1_against_frequency(data: Data, results: Results) -> Picture:
    """Each label's F1 against its frequency, of a few systems."""
    counts = data.targets.sum(axis=0)

    def draw(axes: Any) -> None:
        for place, (name, result) in enumerate(results):
            colour = COLOURS[place % len(COLOURS)]
            axes.scatter(
                np.maximum(counts, 1), result.label_f1, s=16, alpha=0.6, color=colour, label=name
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")  # Matplotlib's own writes LaTeX
        axes.xaxis.set_minor_formatter("")
        axes.set(
            xlabel="questions of the training part",
            ylabel="F1 on the test part",
            ylim=(-0.02, 1.02),
        )
        legend_below(axes)

    return [panel("F1 of each tag against its frequency", draw, height=4.2)]
