"""The report of a training run: what stands on its page, drawn by templates/run.html."""

import math
from typing import Any

import numpy as np

from trainer.evaluation.gate import GateDecision, PairedComparison
from trainer.report import plots, run_plots
from trainer.report.by_tag import TagRow, tag_rows
from trainer.report.metrics_table import coverage_rows, metric_rows
from trainer.report.plots import Picture
from trainer.report.record import RunData, RunRecord
from trainer.report.rendering import read_file, render
from trainer.scoring.metrics import reliability
from trainer.systems import ARCHITECTURES

Comparisons = list[tuple[str, PairedComparison]]


def to_html(record: RunRecord) -> str:
    """Return the report of a run as the text of an HTML file.

        Path("report.html").write_text(to_html(record), encoding="utf-8")

    A run that failed has the sections of what was known by then. matplotlib and scikit-learn are
    needed only where there is something to draw or to measure.
    """
    comparisons = find_comparisons(record.decision)
    tags = _tags(record)
    return render(
        "run.html",
        title=f"Training run {record.run} of {record.site}",
        script=read_file("sort.js"),
        record=record,
        summary=summary(record),
        facts=_facts(record),
        comparisons=comparisons,
        coverage=coverage_rows(record.evaluated_models),
        metrics=metric_rows(record.evaluated_models),
        tag_rows=tags,
        silent_tags=sum(math.isnan(row.precision) for row in tags),
        absent_tags=sum(row.holdout == 0 for row in tags),
        pictures=_pictures(record, comparisons, tags),
        hyperparameters=hyperparameters(record),
    )


def summary(record: RunRecord) -> str:
    """One sentence: what became of the run, and why."""
    if record.outcome == "failed":
        why = record.error or "Why is not known."
        return f"The run failed, and the live version is unchanged. {why}"
    state = "went live" if record.outcome == "promoted" else "is kept and not live"
    why = f": {record.decision.reason}" if record.decision else ""
    return f"Version {record.version} ({record.architecture}) {state}{why}."


def find_comparisons(decision: GateDecision | None) -> Comparisons:
    """Whom the candidate was compared with, and how it came off."""
    if decision is None:
        return []
    pairs = (
        ("live version", decision.against_live),
        ("linear baseline", decision.against_baseline),
        ("most frequent tags", decision.against_frequent),
    )
    return [(name, comparison) for name, comparison in pairs if comparison is not None]


def _facts(record: RunRecord) -> dict[str, str]:
    facts = {"started": _times(record)}
    if record.architecture is not None:
        facts["architecture"] = record.architecture
    shown = hyperparameters(record)
    if shown:
        own = [f"{name} {value}" for name, value, is_own in shown if is_own]
        facts["hyperparameters"] = ", ".join(own) or "all as the architecture has them"
    if record.data is not None:
        facts["questions"] = _questions(record.data)
        tags = f"{len(record.data.labels):,} of {len(record.data.tag_counts):,} are learned"
        facts["tags"] = tags
    return facts


def hyperparameters(record: RunRecord) -> list[tuple[str, str, bool]]:
    """Name, value, and whether it is another than the architecture has by itself."""
    kind = ARCHITECTURES.get(record.architecture or "")
    usual = kind().manifest_hyperparameters() if kind else record.hyperparameters
    return [
        (name, _tell(value), name in usual and usual[name] != value)
        for name, value in record.hyperparameters.items()
        if value is not None
    ]


def _tell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _times(record: RunRecord) -> str:
    started = f"{record.started_at:%Y-%m-%d %H:%M} UTC"
    if record.ended_at is None:
        return started
    minutes, seconds = divmod(round((record.ended_at - record.started_at).total_seconds()), 60)
    return f"{started}, took {minutes}:{seconds:02} minutes"


def _questions(data: RunData) -> str:
    parts = ", ".join(f"{count:,} {name}" for name, count in data.parts.items())
    if data.oldest is None or data.newest is None:
        return parts
    return f"{parts}; asked from {data.oldest:%Y-%m-%d} to {data.newest:%Y-%m-%d}"


def _tags(record: RunRecord) -> list[TagRow]:
    if not record.evaluated_models or record.data is None:
        return []
    return tag_rows(record.evaluated_models[0], record.data.targets.sum(axis=0, dtype=np.int64))


def _pictures(
    record: RunRecord, comparisons: Comparisons, tags: list[TagRow]
) -> dict[str, Picture | None]:
    """By name; None where there is nothing to draw."""
    models = record.evaluated_models
    return {
        "comparisons": run_plots.comparisons(comparisons) if comparisons else None,
        "precision_and_recall": run_plots.precision_and_recall(models, tags) if tags else None,
        "reliability": _reliability(record),
        "learning_curves": run_plots.learning_curves(record.epochs) if record.epochs else None,
        **_data_pictures(record.data),
        "class_weights": _class_weights(record),
    }


def _class_weights(record: RunRecord) -> Picture | None:
    """Those that were used, if any."""
    if record.data is None or not record.hyperparameters.get("class_weights"):
        return None
    return plots.weights_against_counts(record.data.targets)


def _reliability(record: RunRecord) -> Picture | None:
    curves = [(one.name, reliability(one.scores)) for one in record.evaluated_models]
    if record.calibration is not None and record.calibration.uncalibrated is not None:
        curves.append(("uncalibrated", record.calibration.uncalibrated))
    return plots.reliability_curves(curves) if curves else None


def _data_pictures(data: RunData | None) -> dict[str, Picture | None]:
    if data is None or not data.labels:
        return {"tag_frequencies": None}
    falling = dict(sorted(data.tag_counts.items(), key=lambda item: -item[1]))
    return {
        "tag_frequencies": plots.tag_frequencies(falling),
        "extreme_tags": plots.extreme_tags(data.labels, data.tag_counts),
    }
