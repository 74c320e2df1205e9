"""The tables of a report in which the candidate stands beside the live version and the baseline."""

from collections.abc import Sequence
from html import escape
from typing import Final

from core.model.predictor import MAX_SUGGESTIONS
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.evaluation.gate import GateDecision, PairedComparison
from trainer.pages.figures import HEADINGS, number
from trainer.scoring.metrics import METRICS, Estimate, Scores, bootstrap

MEANINGS: Final = {
    "categorical_accuracy": "the most probable tag is the alphabetically first, as in the article",
    "precision_at_1": "the most probable tag is right",
    "precision_at_3": "share of the 3 most probable that are right",
    "precision_at_5": "share of the 5 most probable that are right",
    "recall_at_5": "share of a question's tags among the 5 most probable",
    "micro_f1": "at the thresholds, over all tags together",
    "macro_f1": "at the thresholds, the mean over tags",
    "mean_average_precision": "of the whole ranking of tags",
    "ndcg_at_5": "of the 5 most probable, the first counting most",
    "log_loss": "the smaller the better",
    "calibration_error": "expected calibration error; the smaller the better",
}


def find_comparisons(decision: GateDecision | None) -> list[tuple[str, PairedComparison]]:
    """Whom the candidate was compared with, and how it came off."""
    if decision is None:
        return []
    pairs = (
        ("live version", decision.against_live),
        ("linear baseline", decision.against_baseline),
    )
    return [(name, comparison) for name, comparison in pairs if comparison is not None]


def comparisons_table(found: Sequence[tuple[str, PairedComparison]]) -> str:
    """By how much the candidate is ahead, and how surely."""
    heads = ("against the", "candidate", "other", "lead", "95% interval", "ahead in", "questions")
    rows = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{one.candidate:.4f}</td>'
        f"<td>{one.other:.4f}</td><td><b>{one.difference:+.4f}</b></td>"
        f"<td>{one.low:+.4f} to {one.high:+.4f}</td><td>{one.confidence:.1%} of resamples</td>"
        f"<td>{one.questions:,}</td></tr>"
        for name, one in found
    )
    return (
        '<div class="wide"><table class="roomy"><thead><tr>'
        + "".join(f'<th scope="col">{head}</th>' for head in heads)
        + f"</tr></thead><tbody>{rows}</tbody></table></div>\n"
        '<p class="note">nDCG@5 against all tags of a question\'s author, also those that a model '
        "does not know: so models that know different tags are compared fairly. The resamples are "
        "those of a bootstrap over the held-out questions that neither learned from.</p>"
    )


def metrics_table(evaluated_models: Sequence[EvaluatedModel]) -> str:
    """All metrics of each evaluated model, over the questions that have one of its own labels."""
    heads = "".join(
        f'<th scope="col">{escape(one.name)}<small>{escape(one.description)}</small></th>'
        for one in evaluated_models
    )
    known = [evaluated_model.scores.with_labels() for evaluated_model in evaluated_models]
    rows = [
        _row(name, meaning, values) for name, meaning, values in _coverage(evaluated_models, known)
    ]
    estimates = [bootstrap(scores) if len(scores.targets) else None for scores in known]
    for metric in METRICS:
        cells = [_cell(metric, found[metric]) if found else "&ndash;" for found in estimates]
        rows.append(_row(HEADINGS[metric], MEANINGS[metric], cells))
    return (
        '<div class="wide"><table class="roomy"><thead><tr><th scope="col">metric</th>'
        f"{heads}</tr></thead>\n<tbody>" + "\n".join(rows) + "</tbody></table></div>\n"
        '<p class="note">Each is scored over its own tags, on the held-out questions that have one '
        "of them: compare columns only where they know the same tags. Small are the ends of the "
        "95% bootstrap interval.</p>"
    )


def _coverage(
    evaluated_models: Sequence[EvaluatedModel], known: Sequence[Scores]
) -> list[tuple[str, str, list[str]]]:
    """How much each knows and suggests."""
    all_of = [evaluated_model.scores for evaluated_model in evaluated_models]
    counts = [scores.predicted.sum(axis=1).clip(max=MAX_SUGGESTIONS) for scores in all_of]
    return [
        ("tags", "that it knows", [f"{len(one.labels):,}" for one in evaluated_models]),
        ("held-out questions", "", [f"{len(scores.targets):,}" for scores in all_of]),
        (
            "of them scored",
            "those with a tag that it knows",
            [f"{len(s.targets):,}" for s in known],
        ),
        ("suggestions", "of a held-out question, the mean", [f"{c.mean():.2f}" for c in counts]),
        (
            "no suggestion",
            "share of the held-out questions",
            [f"{(c == 0).mean():.1%}" for c in counts],
        ),
    ]


def _row(name: str, meaning: str, cells: Sequence[str]) -> str:
    values = "".join(f"<td>{cell}</td>" for cell in cells)
    small = f"<small>{escape(meaning)}</small>" if meaning else ""
    return f'<tr><th scope="row">{escape(name)}{small}</th>{values}</tr>'


def _cell(metric: str, estimate: Estimate) -> str:
    ends = f"{number(metric, estimate.low)}&ndash;{number(metric, estimate.high)}"
    return f"{number(metric, estimate.value)}<small>{ends}</small>"
