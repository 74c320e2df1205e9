"""How metrics are named, explained, ordered and written, wherever they are shown.

Two kinds share the words of the field and nothing else, so every long name tells the kind. Those of
*known tags* are over the held-out questions that have a tag that the model knows, and ask for those
tags alone: they tell what it learned, and differ between models of other tags. Those of *all tags*
are over all held-out questions, and ask for every tag of their authors: they compare any models,
and are what the gate and the live agreement use.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class MetricName:
    """What a metric is called.

    Attributes:
        short: as a column's heading, beside a note that tells the kind.
        long: by itself.
        meaning: in a few words.
    """

    short: str
    long: str
    meaning: str


METRIC_NAMES: Final = {
    "categorical_accuracy": MetricName(
        "cat. acc.",
        "categorical accuracy",
        "the article's figure: the most probable tag is the alphabetically first of the question's "
        "known tags, which no model can tell; judge by the others",
    ),
    "precision_at_1": MetricName(
        "P@1", "precision@1 (known tags)", "the most probable tag is right"
    ),
    "precision_at_3": MetricName(
        "P@3", "precision@3 (known tags)", "share of the 3 most probable that are right"
    ),
    "precision_at_5": MetricName(
        "P@5", "precision@5 (known tags)", "share of the 5 most probable that are right"
    ),
    "recall_at_5": MetricName(
        "R@5",
        "recall@5 (known tags)",
        "share of a question's known tags among the 5 most probable",
    ),
    "micro_f1": MetricName(
        "micro-F1", "micro-F1 (known tags)", "of what reaches its threshold, over all tags together"
    ),
    "macro_f1": MetricName(
        "macro-F1",
        "macro-F1 (known tags)",
        "of what reaches its threshold, the mean over the tags that these questions have",
    ),
    "mean_average_precision": MetricName(
        "MAP", "mean average precision (known tags)", "of the whole ranking of tags"
    ),
    "ndcg_at_5": MetricName(
        "nDCG@5",
        "nDCG@5 (known tags)",
        "of the 5 most probable, the first counting most; 1 where the known tags come first",
    ),
    "log_loss": MetricName(
        "log loss", "log loss", "of all pairs of question and known tag; the smaller the better"
    ),
    "calibration_error": MetricName(
        "ECE",
        "expected calibration error",
        "by how much probabilities miss frequencies, on the average; the smaller the better",
    ),
    "test_questions": MetricName(
        "questions", "questions (known tags)", "held-out ones that have a tag that it knows"
    ),
    "agreement_precision_at_1": MetricName(
        "P@1", "precision@1 (all tags)", "the most probable tag is one of the author's"
    ),
    "agreement_recall_at_5": MetricName(
        "R@5",
        "recall@5 (all tags)",
        "share of the author's tags, known or not, among the 5 most probable",
    ),
    "agreement_ndcg_at_5": MetricName(
        "nDCG@5",
        "nDCG@5 (all tags)",
        "as of the known tags, but one that the model does not know is missed; the gate's figure",
    ),
    "agreement_without_suggestion": MetricName(
        "no tag", "without a suggestion", "share of questions of which no tag reaches its threshold"
    ),
    "agreement_questions": MetricName("questions", "questions (all tags)", "all held-out ones"),
    "train_questions": MetricName("train", "trained on", "questions"),
    "validation_questions": MetricName(
        "validation", "validated on", "questions that calibration and thresholds were chosen by"
    ),
    "epochs": MetricName("epochs", "epochs", "of all parts of the network"),
}
KINDS: Final = (
    "known tags: over the held-out questions that have a tag that the model knows, asking for "
    "those alone. all tags: over all of them, asking for every tag of the author."
)
FOUR_DIGITS: Final = ("log_loss", "calibration_error")


def in_order(metrics: Mapping[str, Any]) -> Iterator[tuple[MetricName, Any]]:
    """Yield a version's figures in one order, whatever a database made of theirs.

    Those of a name that is not known here, as of other programs, come last, by name.
    """
    for name, told in METRIC_NAMES.items():
        if name in metrics:
            yield told, metrics[name]
    for name in sorted(metrics.keys() - METRIC_NAMES.keys()):
        words = name.replace("_at_", "@").replace("_", " ")
        yield MetricName(words, words, ""), metrics[name]


def format_metric(metric: str, value: float) -> str:
    """A metric's value with as many digits as tell systems apart."""
    return f"{value:.4f}" if metric in FOUR_DIGITS else f"{value:.3f}"
