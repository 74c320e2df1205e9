"""The report of a comparison: what stands on its page, drawn by report's comparison.html."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from core.model.tokenizer import html_to_text
from trainer.compare import plots as own_plots
from trainer.compare.plots import Results
from trainer.compare.run import Comparison, Data, Result, Row
from trainer.report import plots
from trainer.report.metric_names import METRIC_NAMES
from trainer.report.plots import Picture
from trainer.report.rendering import render
from trainer.scoring.metrics import METRICS

SHOWN: Final = 4  # systems in one picture of lines
COMPARED_BY_TAG: Final = 2  # in one of points
EXAMPLE_TAGS: Final = 10  # as in the article
EXAMPLE_LENGTH: Final = 900  # characters of the text
ARTICLE_PAIR: Final = ("conv1d", "simple")
SPLITS: Final = {
    "random": "a fifth of the questions, drawn at random (the article's split)",
    "time": "the newest fifth of the questions",
}


def to_html(comparison: Comparison) -> str:
    """Return the report as the text of an HTML file."""
    data = comparison.data
    results = [(row.system, row.result) for row in comparison.rows if row.result is not None]
    return render(
        "comparison.html",
        title=f"Tagging {data.site}: systems compared",
        broad=True,
        data=data,
        split=SPLITS[data.split],
        columns=[
            "system",
            *(METRIC_NAMES[name].short for name in METRICS),
            "train s",
            "questions/s",
            "MB",
        ],
        rows=comparison.rows,
        best=_best(comparison.rows),
        unfinished=comparison.unfinished,
        pictures=_data_pictures(comparison) | _system_pictures(data, results),
        reliable=len(results[:SHOWN]),
        example=_example(data, results) if results else None,
    )


def _best(rows: Sequence[Row]) -> dict[str, float]:
    found = {}
    for name, metric in METRICS.items():
        values = [row.result.estimates[name].value for row in rows if row.result is not None]
        if values:
            found[name] = max(values) if metric.higher_is_better else min(values)
    return found


def _data_pictures(comparison: Comparison) -> dict[str, Picture | None]:
    data = comparison.data
    weights = plots.weights_against_counts(data.targets) if comparison.class_weights else None
    return {
        "tag_frequencies": plots.tag_frequencies(data.tag_counts),
        "extreme_tags": plots.extreme_tags(data.labels, data.tag_counts),
        "class_weights": weights,
    }


def _system_pictures(data: Data, results: Results) -> dict[str, Picture | None]:
    """By name; None where there is nothing to draw."""
    if not results:
        return {"intervals": None, "learning_curves": None}
    ranked = _ranked(results)
    curves = [(name, result.reliability) for name, result in ranked[:SHOWN]]
    return {
        "intervals": own_plots.intervals(results),
        "learning_curves": own_plots.learning_curves(results),
        "f1_against_frequency": own_plots.f1_against_frequency(data, ranked[:COMPARED_BY_TAG]),
        "reliability": plots.reliability_curves(curves),
    }


def _ranked(results: Results) -> Results:
    """The system of the highest precision@1 first."""
    return sorted(results, key=lambda pair: -pair[1].estimates["precision_at_1"].value)


def _example(data: Data, results: Results) -> dict[str, Any]:
    """A question with the tags of two models and their weighted mean, as the article ends."""
    (first, one), (second, other) = _pair(results)
    mean = (2 * one.example + other.example) / 3
    order = np.argsort(-one.example, kind="stable")[:EXAMPLE_TAGS]
    text = " ".join(html_to_text(data.example.body).split())
    if len(text) > EXAMPLE_LENGTH:
        text = f"{text[:EXAMPLE_LENGTH]}…"
    rows = [
        {
            "tag": data.labels[label],
            "first": one.example[label],
            "second": other.example[label],
            "mean": mean[label],
        }
        for label in order
    ]
    return {"text": text, "first": first, "second": second, "rows": rows}


def _pair(results: Results) -> tuple[tuple[str, Result], tuple[str, Result]]:
    """The article's two networks where both are there, or else the two best systems."""
    by_name = dict(results)
    if all(name in by_name for name in ARTICLE_PAIR):
        first, second = ARTICLE_PAIR
        return (first, by_name[first]), (second, by_name[second])
    ranked = _ranked(results)
    return ranked[0], ranked[min(1, len(ranked) - 1)]
