"""How good a version is at each of its tags, as CSV."""

import csv
import io
import math
from typing import Final

import numpy as np

from core.untrusted import harmless
from trainer.report.by_tag import TagRow, tag_rows
from trainer.scoring.intervals import share
from trainer.versions.judged import Judged

COLUMNS: Final = (
    "tag", "questions_to_learn_from", "held_out_questions", "threshold", "suggested",
    "precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high",
    "f1", "average_precision",
)  # fmt: skip


def to_csv(judged: Judged) -> str:
    """Return a line for each tag of the first version, those learned from most first.

    Empty is what cannot be said: the precision of a tag that was never suggested, say. `low` and
    `high` are the ends of 95% intervals.
    """
    model = judged.evaluated(0)
    training = np.array([judged.seen.get(tag, 0) for tag in model.labels], np.int64)
    predicted = dict(zip(model.labels, model.scores.predicted.sum(axis=0).tolist(), strict=True))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in tag_rows(model, training):
        writer.writerow(_cells(row, predicted[row.tag]))
    return stream.getvalue()


def _cells(row: TagRow, predicted: int) -> dict[str, str | int]:
    hits = 0 if math.isnan(row.precision) else round(row.precision * predicted)
    precision, recall = share(hits, predicted), share(hits, row.holdout)
    return {
        "tag": harmless(row.tag),
        "questions_to_learn_from": row.training,
        "held_out_questions": row.holdout,
        "threshold": _number(row.threshold) if row.threshold <= 1 else "never",
        "suggested": predicted,
        "precision": _number(row.precision),
        "precision_low": _number(precision.low) if predicted else "",
        "precision_high": _number(precision.high) if predicted else "",
        "recall": _number(row.recall),
        "recall_low": _number(recall.low) if row.holdout else "",
        "recall_high": _number(recall.high) if row.holdout else "",
        "f1": _number(row.f1),
        "average_precision": _number(row.average_precision),
    }


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}"
