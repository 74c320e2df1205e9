"""The table in which the candidate's metrics stand beside the live version's and the baseline's."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.model.predictor import MAX_SUGGESTIONS
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.report.metric_names import METRIC_NAMES
from trainer.scoring.intervals import Estimate, estimate_all
from trainer.scoring.metrics import METRICS


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How much each model knows and suggests: a cell for each."""

    name: str
    meaning: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric of each model; None for one that knows none of the held-out questions' tags."""

    metric: str
    heading: str
    meaning: str
    estimates: list[Estimate | None]


def coverage_rows(models: Sequence[EvaluatedModel]) -> list[CoverageRow]:
    """Return how much each model knows and suggests, over all held-out questions."""
    all_of = [model.scores for model in models]
    known = [scores.with_labels() for scores in all_of]
    counts = [scores.predicted.sum(axis=1).clip(max=MAX_SUGGESTIONS) for scores in all_of]
    return [
        CoverageRow("tags", "that it knows", [f"{len(model.labels):,}" for model in models]),
        CoverageRow("held-out questions", "", [f"{len(scores.targets):,}" for scores in all_of]),
        CoverageRow(
            "of them scored",
            "those with a tag that it knows",
            [f"{len(scores.targets):,}" for scores in known],
        ),
        CoverageRow(
            "suggestions",
            "of a held-out question, the mean",
            [f"{count.mean():.2f}" for count in counts],
        ),
        CoverageRow(
            "no suggestion",
            "share of the held-out questions",
            [f"{(count == 0).mean():.1%}" for count in counts],
        ),
    ]


def metric_rows(models: Sequence[EvaluatedModel]) -> list[MetricRow]:
    """Return all metrics of each model, over the questions that have one of its own labels."""
    known = [model.scores.with_labels() for model in models]
    estimates = [estimate_all(scores) if len(scores.targets) else None for scores in known]
    return [
        MetricRow(
            metric,
            METRIC_NAMES[metric].long,
            METRIC_NAMES[metric].meaning,
            [found[metric] if found else None for found in estimates],
        )
        for metric in METRICS
    ]
