"""The report's pictures, each as the text of an SVG."""

import io
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any, Final

import numpy as np

from trainer.class_weights import class_weights
from trainer.compare.run import Data, Result
from trainer.progress import Epoch

BLUE, ORANGE, GREY = "#2f6690", "#e07a3f", "#8a94a0"
COLOURS: Final = (BLUE, ORANGE, "#4f9d69", "#b5495b", "#7b5ea7", "#c9a227", "#3aa6a6", GREY)
STYLE: Final[dict[Any, Any]] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#b8c0c8",
    "axes.grid": True,
    "axes.labelcolor": "#3d4650",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "font.family": "sans-serif",
    "font.size": 9.5,
    "grid.color": "#e6eaee",
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "question-tagger",  # equal pictures, equal bytes
    "text.parse_math": False,  # tags and titles are strangers': a dollar is a dollar
    "xtick.color": "#5b6670",
    "ytick.color": "#5b6670",
}

Results = Sequence[tuple[str, Result]]


def _draw(draw: Callable[[Any], None], *, columns: int = 1, height: float = 3.4) -> str:
    """Make a figure, let it be drawn on, and return its SVG."""
    import matplotlib as mpl  # noqa: PLC0415
    from cycler import cycler  # noqa: PLC0415
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context(STYLE | {"axes.prop_cycle": cycler(color=COLOURS)}):
        figure = Figure(figsize=(9.2, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots(1, columns)
        draw(axes)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def tag_counts(data: Data) -> str:
    """How many questions each tag of the site has, whole and cropped."""
    counts = np.array(list(data.tag_counts.values()))
    crop = float(np.quantile(counts, 0.97))

    def draw(axes: Any) -> None:
        for part, title in zip(axes, ("all of it", f"cropped at {crop:,.0f}"), strict=True):
            part.fill_between(np.arange(1, len(counts) + 1), counts, color=BLUE, step="mid")
            part.set(title=title, xlabel="tag, by frequency", ylabel="questions", ylim=0, xlim=1)
        axes[1].set_ylim(0, max(crop, 1))

    return _draw(draw, columns=2)


def extreme_tags(data: Data) -> str:
    """The five most and the five least frequent of the tags that are learned."""
    ranked = sorted(data.labels, key=lambda tag: -data.tag_counts[tag])
    half = min(5, len(ranked) // 2)
    shown = [*ranked[:half], *ranked[-half:]]
    counts = [data.tag_counts[tag] for tag in shown]

    def draw(axes: Any) -> None:
        bars = axes.barh(shown, counts, color=[BLUE] * half + [ORANGE] * half, height=0.7)
        axes.bar_label(bars, fmt="{:,.0f}", padding=3)
        axes.invert_yaxis()
        axes.set(xlabel="questions")
        axes.grid(visible=False, axis="y")

    return _draw(draw)


def weights_against_counts(data: Data) -> str:
    """The class weight of each label, against how many questions to learn from have it."""
    counts = data.targets.sum(axis=0)

    def draw(axes: Any) -> None:
        axes.scatter(counts, class_weights(data.targets), s=18, color=BLUE, alpha=0.75)
        axes.set(xlabel="questions of the training part", ylabel="weight in the loss", ylim=0)

    return _draw(draw)


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

    return _draw(draw, height=1 + 0.28 * len(ranked))


def learning_curves(results: Results) -> str | None:
    """The loss of each network by epoch; None where no system has epochs."""
    fitted = [(name, result.epochs) for name, result in results if result.epochs]
    if not fitted:
        return None

    def draw(axes: Any) -> None:
        for place, (name, epochs) in enumerate(fitted):
            colour = COLOURS[place % len(COLOURS)]
            style = "-" if place < len(COLOURS) else "--"
            for run, label in zip(_runs(epochs), chain([name], repeat(None)), strict=False):
                numbers = [epoch.number for epoch in run]
                look = {"color": colour, "linestyle": style, "marker": ".", "label": label}
                axes[0].plot(numbers, [epoch.loss for epoch in run], **look)
                axes[1].plot(numbers, [epoch.val_loss for epoch in run], **look)
        for part, title in zip(axes, ("training part", "validation part"), strict=True):
            part.set(title=title, xlabel="epoch", ylabel="loss")
        axes[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)

    return _draw(draw, columns=2)


def _runs(epochs: Sequence[Epoch]) -> list[list[Epoch]]:
    """The epochs of each part of a network that was fitted in parts: each counts from 1."""
    runs: list[list[Epoch]] = []
    for epoch in epochs:
        if not runs or epoch.number <= runs[-1][-1].number:
            runs.append([])
        runs[-1].append(epoch)
    return runs


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

    return _draw(draw, height=3.8)


def reliability_curves(results: Results) -> str:
    """How often what has a probability is so; on the diagonal where it may be believed."""

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color="#b8c0c8", linestyle="--", zorder=0)
        for place, (name, result) in enumerate(results):
            curve = result.reliability
            axes.plot(
                curve.probabilities,
                curve.frequencies,
                marker="o",
                markersize=3.5,
                color=COLOURS[place % len(COLOURS)],
                label=name,
            )
        axes.set(xlabel="probability", ylabel="share that has the tag", xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)

    return _draw(draw, height=3.8)
