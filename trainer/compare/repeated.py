"""The same systems on several random splits: their means, and how surely they differ."""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Any, Final

from rich.table import Table

from trainer.compare.run import Comparison
from trainer.compare.table import ON_TERMINAL
from trainer.report.metric_names import METRIC_NAMES, format_metric
from trainer.scoring.intervals import LEVEL, Estimate
from trainer.scoring.metrics import METRICS

FEWEST: Final = 2  # splits, of which differences have an interval


@dataclass(frozen=True, slots=True)
class SystemMeans:
    """A system over all splits.

    Attributes:
        system: its name.
        means: of each metric on the test parts.
        leads: by how much each is larger than the first system's, with its 95% interval; none of
            the first system itself.
    """

    system: str
    means: Mapping[str, float]
    leads: Mapping[str, Estimate]


def system_means(
    comparisons: Sequence[Comparison], *, first: str | None = None
) -> list[SystemMeans]:
    """Return means of the systems that every split has measured, and their leads over the first.

    Args:
        comparisons: one a split, at least one.
        first: the system that others are compared with, split by split; by itself that of the
            first row.
    """
    values = [
        {
            row.system: {name: one.value for name, one in row.result.estimates.items()}
            for row in comparison.rows
            if row.result is not None
        }
        for comparison in comparisons
    ]
    systems = [name for name in values[0] if all(name in one for one in values)]
    systems.sort(key=lambda name: name != first)  # the others in their order
    parts = comparisons[0].data.parts
    shares = parts["test"] / (parts["train"] + parts["validation"])
    found = []
    for system in systems:
        by_metric = {name: [one[system][name] for one in values] for name in METRICS}
        base = {name: [one[systems[0]][name] for one in values] for name in METRICS}
        leads = {} if system == systems[0] else _leads(by_metric, base, shares)
        found.append(SystemMeans(system, {name: fmean(by_metric[name]) for name in METRICS}, leads))
    return found


def _leads(
    values: Mapping[str, list[float]], first: Mapping[str, list[float]], shares: float
) -> dict[str, Estimate]:
    pairs = {name: zip(values[name], first[name], strict=True) for name in values}
    return {name: mean_lead([a - b for a, b in both], shares) for name, both in pairs.items()}


def mean_lead(differences: Sequence[float], shares: float) -> Estimate:
    """Return the mean of differences on random splits, with its 95% interval.

    Splits share most of their training parts, so their differences vary less than those of as many
    sites would: the variance is corrected for that (Nadeau and Bengio, 2003, "Inference for the
    generalization error", Machine Learning 52:239-281).

    Args:
        differences: one a split.
        shares: how large the test part is, by the part that is learned from.
    """
    count, mean = len(differences), fmean(differences)
    if count < FEWEST:
        return Estimate(mean, -math.inf, math.inf)
    from scipy.stats import t  # noqa: PLC0415 (half a second)

    error = math.sqrt((1 / count + shares) * variance(differences))
    half = float(t.ppf((1 + LEVEL) / 2, count - 1)) * error
    return Estimate(mean, mean - half, mean + half)


def means_table(means: Sequence[SystemMeans]) -> Table:
    """The most telling columns: each mean, and under it its lead with half the interval."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("system", overflow="fold")
    for name in ON_TERMINAL:
        table.add_column(METRIC_NAMES[name].short, justify="right", no_wrap=True)
    for one in means:
        table.add_row(one.system, *(format_metric(name, one.means[name]) for name in ON_TERMINAL))
        if one.leads:
            leads = (_interval(one.leads[name]) for name in ON_TERMINAL)
            table.add_row("  lead", *leads, style="dim")
    return table


def _interval(lead: Estimate) -> str:
    told = f"{lead.value:+.4f} ±{lead.high - lead.value:.4f}"
    return re.sub(r"(?<!\d)0\.", ".", told)


def means_document(means: Sequence[SystemMeans]) -> list[dict[str, Any]]:
    """The same of all metrics, of values that JSON knows; one split gives leads no interval."""
    return [
        {
            "system": one.system,
            "means": dict(one.means),
            "leads": {name: _lead_document(lead) for name, lead in one.leads.items()},
        }
        for one in means
    ]


def _lead_document(lead: Estimate) -> dict[str, Any]:
    interval = [lead.low, lead.high] if math.isfinite(lead.low) else None
    return {"value": lead.value, "interval": interval}


def means_csv(means: Sequence[SystemMeans]) -> str:
    """A line a system: of each metric the mean, the lead over the first system, its interval."""
    ends = ("", "_lead", "_lead_low", "_lead_high")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["system", *(f"{name}{end}" for name in METRICS for end in ends)])
    for one in means:
        cells: list[float | None] = []
        for name in METRICS:
            lead = one.leads.get(name)
            told = (None, None, None) if lead is None else (lead.value, lead.low, lead.high)
            cells += [one.means[name], *told]
        writer.writerow([one.system, *("" if cell is None else f"{cell:.6f}" for cell in cells)])
    return stream.getvalue()
