"""The picture of all figures: a panel a group, a bar a figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt

COLUMNS = 2
BAR_INCHES, PANEL_INCHES, WIDTH_INCHES = 0.28, 0.75, 11
LOGARITHMIC = 50  # from which ratio of the largest to the smallest on


class Drawn(Protocol):
    """A figure of a group."""

    group: str
    what: str
    value: float
    unit: str


def draw(figures: Sequence[Drawn], file: Path) -> None:
    """Draw them into a file, the groups in their order."""
    groups: dict[str, list[Drawn]] = {}
    for one in figures:
        groups.setdefault(one.group, []).append(one)
    rows = [[*groups][start : start + COLUMNS] for start in range(0, len(groups), COLUMNS)]
    heights = [PANEL_INCHES + BAR_INCHES * max(len(groups[name]) for name in row) for row in rows]
    # Equal figures give equal bytes, and letters stay letters.
    mpl.rcParams.update({"svg.hashsalt": "benchmarks", "svg.fonttype": "none"})
    picture, panels = plt.subplots(
        len(rows),
        COLUMNS,
        figsize=(WIDTH_INCHES, sum(heights)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for row, line in zip(rows, panels, strict=True):
        for place, panel in enumerate(line):
            if place < len(row):
                _draw_group(panel, groups[row[place]])
            else:
                panel.axis("off")
    picture.savefig(file, metadata={"Date": None})
    plt.close(picture)


def _draw_group(panel: plt.Axes, figures: Sequence[Drawn]) -> None:
    names = [one.what for one in figures][::-1]
    values = [one.value for one in figures][::-1]
    bars = panel.barh(names, values, color="#4c78a8")
    panel.bar_label(bars, [f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in values])
    if max(values) > LOGARITHMIC * min(values):
        panel.set_xscale("log")
    unit = f" ({figures[0].unit})" if figures[0].unit else ""
    panel.set_title(f"{figures[0].group}{unit}", fontsize=10, loc="left")
    panel.tick_params(labelsize=8)
    panel.margins(x=0.15)
    panel.spines[["top", "right"]].set_visible(False)
