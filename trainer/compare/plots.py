"""The pictures of a comparison, each as the text of an SVG."""

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

from trainer.compare.run import Data, Result
from trainer.report.plots import BLUE, COLOURS, GREY, figure, fitted_parts

Results = Sequence[tuple[str, Result]]


def intervals(results: Results) -> str:
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
        axes.set(xlabel="precision@1")

    return figure(draw, height=1 + 0.28 * len(ranked))


def learning_curves(results: Results) -> str | None:
    """The loss of each network by epoch; None where no system has epochs."""
    fitted = [(name, result.epochs) for name, result in results if result.epochs]
    if not fitted:
        return None

    def draw(axes: Any) -> None:
        for place, (name, epochs) in enumerate(fitted):
            colour = COLOURS[place % len(COLOURS)]
            style = "-" if place < len(COLOURS) else "--"
            for run, label in zip(fitted_parts(epochs), chain([name], repeat(None)), strict=False):
                numbers = [epoch.number for epoch in run]
                look = {"color": colour, "linestyle": style, "marker": ".", "label": label}
                axes[0].plot(numbers, [epoch.loss for epoch in run], **look)
                axes[1].plot(numbers, [epoch.val_loss for epoch in run], **look)
        for part, title in zip(axes, ("training part", "validation part"), strict=True):
            part.set(title=title, xlabel="epoch", ylabel="loss")
        axes[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)

    return figure(draw, columns=2)


def f1_against_frequency(data: Data, results: Results) -> str:
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
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)

    return figure(draw, height=3.8)
