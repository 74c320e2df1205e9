"""What it is worth to a small site's terms that all its questions choose out of fold, and no tenth.

Run: PYTHONPATH=.:benchmarks python benchmarks/models/small_sites.py FILE…
         [--sizes 200 500 …] [--draws 2]

The newest fifth of a file's tagged questions judges. So many are drawn at random from the others,
and terms alone are fitted to them. The scale of their margins, names of tags, calibration and
thresholds are learned three times: from the newest tenth, with no names where that has fewer than
100 questions; from the tenth, with names however few it has; and from all of them out of fold. A
row a draw: what the last two are ahead of the first in nDCG@5 against all tags, and in micro-F1 of
the suggestions, in thousandths, with 95% intervals of the paired bootstrap; then the log loss of
the first and of the last.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from unittest.mock import patch

import numpy as np
from models.learning_curve import JUDGES, draw_questions, make_parts

from core.model.post_processing.calibration import sigmoid
from core.model.post_processing.steps import PostProcessing
from trainer.compare.sources import file_source
from trainer.data.corpus import LabelledQuestion
from trainer.data.dataset import Dataset, Holdout
from trainer.data.splits import Rows
from trainer.evaluation.evaluated_models import score, tag_counts
from trainer.evaluation.gate import ranking_quality
from trainer.evaluation.post_processing import fit_post_processing
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import METRICS, Floats, Scores, bootstrap_counts
from trainer.scoring.names import FEWEST_QUESTIONS
from trainer.scoring.operating_point import choose_operating_point
from trainer.systems.branched.branches import Pass, first_pass, fit_terms, only_pass
from trainer.systems.branched.cross_validation import Logits, predict_out_of_fold
from trainer.systems.branched.documents import DocumentVectors
from trainer.systems.branched.encoded_dataset import Float32Array, prepare, sparse
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.stacking import fit_stacking_weights
from trainer.systems.networks.keras_setup import import_keras
from trainer.systems.networks.network import encode_rows
from trainer.versions.comparison import suggested

SIZES: Final = (200, 500, 1000, 2000)
RESAMPLES: Final = 2000


def main() -> None:
    """Print a row for each file, size and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--draws", type=int, default=2)
    given = parser.parse_args()
    import_keras()
    for file in given.files:
        source = file_source(file)
        tagged = [question for question in source.questions() if question.tags]
        first = round(len(tagged) * (1 - JUDGES))
        for size in given.sizes:
            for draw in range(given.draws):
                learned = draw_questions(tagged[:first], size, seed=draw)
                show(source.site, learned, tagged[first:], draw)


@dataclass(frozen=True, slots=True)
class Site:
    """What was drawn, what judges, and margins of the latter by terms that learned the former."""

    dataset: Dataset
    holdout: Holdout
    run: FittingRun
    served: Float32Array


def show(
    site: str, learned: Sequence[LabelledQuestion], judges: Sequence[LabelledQuestion], draw: int
) -> None:
    """Print the row of a draw."""
    dataset, holdout = make_parts(site, learned, judges)
    usual = Hyperparameters()
    hyperparameters = replace(usual, fit=replace(usual.fit, fold_questions=len(learned) + 1))
    encoded = prepare(dataset, hyperparameters)
    run = FittingRun(encoded, hyperparameters, draw, ProgressReporter(), None)
    given = encode_rows(holdout.corpus, holdout.rows, encoded.vocabulary, encoded.inputs)
    columns = sparse(given["terms"], given["terms_weights"], encoded.vocabulary.size)
    one = Site(dataset, holdout, run, fit_terms(run, only_pass(encoded)).margins(columns))
    rows = encoded.validation
    tenth = rows, fit_terms(run, first_pass(encoded)).margins(encoded.term_columns(rows))
    first = tell(one, *tenth, fewest=FEWEST_QUESTIONS)
    others = [
        tell(one, *out_of_fold(one), fewest=FEWEST_QUESTIONS),
        tell(one, *tenth, fewest=1),
    ]
    tags = tag_counts(holdout)
    leads = [
        "  ".join(lead(of(first, tags), of(other, tags)) for of in (ranking, micro_f1))
        for other in others
    ]
    losses = [METRICS["log_loss"](scores.with_labels()) for scores in (first, others[0])]
    print(
        f"{site:9} {len(learned):6,}   {leads[0]}   {losses[0]:.4f} to {losses[1]:.4f}   "
        f"names by the tenth {leads[1]}",
        flush=True,
    )


def out_of_fold(one: Site) -> tuple[Rows, Float32Array]:
    """Rows of all questions with a label, and what terms say of each that have not learned it."""

    def fit_fold(part: FittingRun, documents: DocumentVectors, learned: Pass) -> Logits:  # noqa: ARG001
        columns = part.encoded.term_columns(part.encoded.validation)
        return (fit_terms(part, learned).margins(columns),)

    rows, (margins,) = predict_out_of_fold(one.run, one.dataset, fit_fold)
    return rows, margins


def tell(one: Site, rows: Rows, margins: Float32Array, *, fewest: int) -> Scores:
    """What is said of the questions that judge, by what was learned from rows and their margins."""
    encoded, dataset, holdout = one.run.encoded, one.dataset, one.holdout
    frequent = slice(0, one.run.hyperparameters.fit.term_labels)
    tags = encoded.tags[rows, : encoded.label_count]
    scale, shift = fit_stacking_weights([margins[:, frequent]], tags[:, frequent])
    said, judged = (
        sigmoid(np.asarray(scale * some + shift, np.float64))[:, list(encoded.label_columns)]
        for some in (margins, one.served)
    )
    learned = encoded.rows[rows]
    with (
        patch("trainer.scoring.names.FEWEST_QUESTIONS", fewest),
        patch("trainer.scoring.rivals.FEWEST_QUESTIONS", fewest),
    ):
        names, rivals, said = fit_post_processing(dataset, learned, said)
    point = choose_operating_point(dataset.targets[learned], said)
    weights = None if names is None else names.weights
    named = None if names is None else names.find(holdout.corpus, holdout.rows)
    told = PostProcessing(weights, rivals, point.calibration).apply(judged, named)
    return score(holdout, dataset.labels, told, point.thresholds)


def ranking(scores: Scores, tags: Rows) -> Floats:
    """Above the line and below it, what questions add to nDCG@5: (questions, 2)."""
    return np.column_stack([ranking_quality(scores, tags), np.ones(len(tags))])


def micro_f1(scores: Scores, tags: Rows) -> Floats:
    """The same of the suggestions' micro-F1."""
    shown = suggested(scores)
    right = (shown & (scores.targets == 1)).sum(axis=1)
    return np.column_stack([2.0 * right, shown.sum(axis=1) + tags])


def lead(before: Floats, after: Floats) -> str:
    """By how many thousandths a figure is larger, with the interval."""
    counts = bootstrap_counts(len(before), RESAMPLES, seed=0)

    def gain(one: Floats, other: Floats) -> Floats:
        return np.asarray(1000 * (other[..., 0] / other[..., 1] - one[..., 0] / one[..., 1]))

    low, high = np.percentile(gain(counts @ before, counts @ after), (2.5, 97.5))
    return f"{gain(before.sum(axis=0), after.sum(axis=0)):+.1f} ({low:+.1f} to {high:+.1f})"


if __name__ == "__main__":
    main()
