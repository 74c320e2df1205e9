"""The pictures that reports share: each of panels that stand beside or below each other.

A panel is as wide as a small screen, where it fills the width; its words are as large everywhere.
"""

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trainer.progress import Epoch
from trainer.scoring.metrics import Reliability
from trainer.systems.networks.class_weights import class_weights

WIDTH: Final = 5.0  # inches of a panel: 480 CSS pixels
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


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing of a picture: what it shows, in words, and the text of its SVG."""

    shows: str
    svg: str


Picture = list[Panel]


def panel(shows: str, draw: Callable[[Any], None], *, height: float = 3.4) -> Panel:
    """Make a figure, let its axes be drawn on, and return its SVG.

    Args:
        shows: in words, for those who do not see it.
        draw: is given the axes.
        height: in inches.
    """
    import matplotlib as mpl  # noqa: PLC0415
    from cycler import cycler  # noqa: PLC0415
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with (
        mpl.rc_context(STYLE | {"axes.prop_cycle": cycler(color=COLOURS)}),
        warnings.catch_warnings(),
    ):
        # Text stays text, which the browser has fonts for: Matplotlib's own only measure it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        whole = Figure(figsize=(WIDTH, height), layout="constrained")
        canvas: Any = FigureCanvasSVG(whole)
        draw(whole.subplots())
        stream = io.StringIO()
        canvas.print_svg(stream, metadata={"Date": None})  # savefig() would draw all of it twice
    return Panel(shows, stream.getvalue())


def legend_below(axes: Any, handles: Sequence[Any] | None = None) -> None:
    """Put the legend below the axes, where it covers nothing, whatever its length."""
    shown = {} if handles is None else {"handles": handles}
    labelled = axes.get_legend_handles_labels()[0] if handles is None else handles
    if labelled:
        place = {"loc": "outside lower center", "ncols": min(2, len(labelled))}
        axes.figure.legend(**shown, **place, fontsize=8.5)


def tag_frequencies(tag_counts: Mapping[str, int]) -> Picture:
    """How many questions each tag of the site has, whole and cropped.

    Args:
        tag_counts: by tag, descending.
    """
    counts = np.array(list(tag_counts.values()))
    crop = float(np.quantile(counts, 0.97))

    def draw(axes: Any, title: str, top: float) -> None:
        axes.fill_between(np.arange(1, len(counts) + 1), counts, color=BLUE, step="mid")
        axes.set(title=title, xlabel="tag, by frequency", ylabel="questions", xlim=1)
        axes.set_ylim(0, top)

    parts = (("all of it", 1.05 * counts.max()), (f"cropped at {crop:,.0f}", max(crop, 1)))
    return [
        panel(f"questions of each tag, {title}", partial(draw, title=title, top=top))
        for title, top in parts
    ]


def extreme_tags(labels: Sequence[str], tag_counts: Mapping[str, int]) -> Picture:
    """The five most and the five least frequent of the tags that are learned."""
    ranked = sorted(labels, key=lambda tag: -tag_counts[tag])
    half = min(5, len(ranked) // 2)
    shown = [*ranked[:half], *ranked[-half:]]
    counts = [tag_counts[tag] for tag in shown]

    def draw(axes: Any) -> None:
        bars = axes.barh(shown, counts, color=[BLUE] * half + [ORANGE] * half, height=0.7)
        axes.bar_label(bars, fmt="{:,.0f}", padding=3)
        axes.invert_yaxis()
        axes.margins(x=0.12)  # for the longest bar's number
        axes.set(xlabel="questions")
        axes.grid(visible=False, axis="y")

    return [panel("questions of the most and the least frequent tags", draw)]


def weights_against_counts(targets: npt.NDArray[np.uint8]) -> Picture:
    """The class weight of each label, against how many questions to learn from have it.

    Args:
        targets: of the training part, shape (questions, labels).
    """
    counts = targets.sum(axis=0)

    def draw(axes: Any) -> None:
        axes.scatter(counts, class_weights(targets), s=18, color=BLUE, alpha=0.75)
        axes.set(xlabel="questions of the training part", ylabel="weight in the loss", ylim=0)

    return [panel("class weight of each tag against its questions", draw)]


def reliability_curves(curves: Sequence[tuple[str, Reliability]]) -> Picture:
    """How often what has a probability is so; on the diagonal where it may be believed."""

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color="#b8c0c8", linestyle="--", zorder=0)
        for place, (name, curve) in enumerate(curves):
            axes.plot(
                curve.probabilities,
                curve.frequencies,
                marker="o",
                markersize=3.5,
                color=COLOURS[place % len(COLOURS)],
                label=name,
            )
        axes.set(xlabel="probability", ylabel="share that has the tag", xlim=(0, 1), ylim=(0, 1))
        legend_below(axes)

    return [panel("share that has the tag against probability", draw, height=4.2)]


def fitted_parts(epochs: Sequence[Epoch]) -> list[list[Epoch]]:
    """The epochs of each part of a network that was fitted in parts: each counts from 1."""
    parts: list[list[Epoch]] = []
    for epoch in epochs:
        if not parts or epoch.number <= parts[-1][-1].number:
            parts.append([])
        parts[-1].append(epoch)
    return parts
