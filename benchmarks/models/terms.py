"""What ways of fitting the network's branch of terms are worth in the whole network.

Run: PYTHONPATH=.:benchmarks python benchmarks/models/terms.py FILE…
         --folder FOLDER [--variants logistic both …] [--slices 0 1]

Whole networks that share all but that branch: the slices, their word embeddings, readers and
convolutions are those of convolutions.py, kept in its folder, which is to be deleted where anything
but the branch of terms has changed. Stacking weights, calibration and thresholds are fitted on one
half of a slice and judged on the other. A row a site and variant, the site's slices together: each
metric's difference from the branch as it is and the 95% interval of that by the paired bootstrap,
then the processor time of one slice's fitting.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from models.conv_variants import VARIANTS as CONVOLUTIONS
from models.convolutions import Slice, convolved, cut
from sklearn.svm import LinearSVC

from core.model.post_processing.calibration import sigmoid
from trainer.compare.sources import file_source
from trainer.data.corpus import read_corpus
from trainer.scoring.metrics import METRICS, Floats, Scores, bootstrap_counts
from trainer.scoring.operating_point import choose_operating_point
from trainer.scoring.rivals import fit_rivals
from trainer.systems.branched.encoded_dataset import Float32Array
from trainer.systems.branched.hyperparameters import FitHyperparameters
from trainer.systems.branched.stacking import fit_stacking_weights
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.branched.terms import fit_term_table
from trainer.systems.linear import LogisticRegression
from trainer.systems.networks.keras_setup import import_keras

RESAMPLES: Final = 2000
COMPARED: Final = (
    "precision_at_1",
    "precision_at_3",
    "recall_at_5",
    "ndcg_at_5",
    "log_loss",
    "micro_f1",
)
Branches = list[Float32Array]
Parts = dict[str, Floats]
"""Of each metric what the questions add, (questions, columns)."""


def margins(one: Slice, ridge: float) -> Branches:
    """Margins of ridge classifiers, as the network has them."""
    encoded = one.encoded
    table, bias = fit_term_table(
        encoded.terms[encoded.train],
        encoded.tags[encoded.train, : encoded.label_count],
        FitHyperparameters(term_ridge=ridge),
        seed=0,
        after_epoch=lambda: None,
    )
    return [np.asarray(encoded.terms[encoded.validation] @ table + bias)]


def logistic(one: Slice) -> Branches:
    """Logits of the logistic regression with which the network is compared."""
    encoded, machine = one.encoded, LogisticRegression().classifier(0)
    tags = encoded.tags[encoded.train, : encoded.label_count]
    terms, judged = encoded.terms[encoded.train], encoded.terms[encoded.validation]
    found = [machine.fit(terms, column).decision_function(judged) for column in tags.T]
    return [np.stack(found, axis=1).astype(np.float32)]


def machines(one: Slice) -> Branches:
    """Margins of support vector machines, which the network had before."""
    encoded, machine = one.encoded, LinearSVC(C=0.25, random_state=0)
    tags = encoded.tags[encoded.train, : encoded.label_count]
    terms, judged = encoded.terms[encoded.train], encoded.terms[encoded.validation]
    found = [machine.fit(terms, column).decision_function(judged) for column in tags.T]
    return [np.stack(found, axis=1).astype(np.float32)]


RIDGE: Final = FitHyperparameters().term_ridge
VARIANTS: Final[Mapping[str, Callable[[Slice], Branches]]] = {
    "base": lambda one: margins(one, RIDGE),
    "machines": machines,
    "logistic": logistic,
    "both": lambda one: margins(one, RIDGE) + machines(one),
    "ridge-0.5": lambda one: margins(one, 0.5),
    "ridge-1": lambda one: margins(one, 1.0),
    "ridge-2": lambda one: margins(one, 2.0),
    "none": lambda one: [],  # noqa: ARG005
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a variant comes to on a slice.

    Attributes:
        parts: of each metric.
        seconds: of processor time, the branch's fitting.
    """

    parts: Parts
    seconds: float


def main() -> None:
    """Print a row for each site and variant."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=[*VARIANTS])
    parser.add_argument("--slices", type=int, nargs="+", default=[0, 1])
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    import_keras()
    print("site variant", *COMPARED, "seconds")
    for file in given.files:
        source = file_source(file)
        corpus = read_corpus(source.site, source.questions(), BranchedNetwork.text)
        slices = [cut(corpus, number, given.folder) for number in given.slices]
        compare(corpus.site, slices, given.variants, given.folder)


def compare(site: str, slices: Sequence[Slice], variants: Sequence[str], folder: Path) -> None:
    """Print the rows of a site, the base's figures first."""
    shared = [[convolved(one, CONVOLUTIONS["base"], folder)[0], one.others[0]] for one in slices]

    def judge_all(name: str) -> tuple[Parts, float]:
        judged = [judge(one, own, name) for one, own in zip(slices, shared, strict=True)]
        joined = {
            metric: np.concatenate([some.parts[metric] for some in judged]) for metric in COMPARED
        }
        return joined, judged[0].seconds

    base, seconds = judge_all("base")
    figures = [f"{METRICS[name].value(base[name].sum(axis=0)):.4f}" for name in COMPARED]
    print(f"{site:9} {'base':9} {'   '.join(figures)}   {seconds:.1f}", flush=True)
    for name in variants:
        if name != "base":
            parts, seconds = judge_all(name)
            cells = [describe(metric, parts[metric], base[metric]) for metric in COMPARED]
            print(f"{site:9} {name:9} {'   '.join(cells)}   {seconds:.1f}", flush=True)


def judge(one: Slice, shared: Branches, name: str) -> Judged:
    """The whole network with a variant's branch, each half of the slice by what the other says."""
    began = time.process_time()
    branches = shared + VARIANTS[name](one)
    seconds = time.process_time() - began
    return Judged(judge_branches(one.tags, branches, rivals=True), seconds)


def judge_branches(tags: Any, branches: Branches, *, rivals: bool = False) -> Parts:
    """What the branches' sum comes to, each half of the questions by what the other says.

    Names of tags are not read; with rivals labels take from each other's logits, as served.
    """
    halves = [slice(0, None, 2), slice(1, None, 2)]
    both = [_judge_half(tags, branches, *pair, rivals=rivals) for pair in (halves, halves[::-1])]
    return {metric: np.concatenate([half[metric] for half in both]) for metric in COMPARED}


def _judge_half(
    tags: Any, branches: Branches, learned: slice, judged: slice, *, rivals: bool
) -> Parts:
    *weights, shift = fit_stacking_weights([part[learned] for part in branches], tags[learned])
    added = sum(weight * part for weight, part in zip(weights, branches, strict=True)) + shift
    if rivals:
        taken = fit_rivals(added[learned], tags[learned])
        added = added if taken is None else taken.apply(added)

    def probabilities(rows: slice) -> Floats:
        return sigmoid(np.asarray(added[rows], np.float64))

    point = choose_operating_point(tags[learned], probabilities(learned))
    told = point.calibration.apply(probabilities(judged))
    scores = Scores(tags[judged], told, point.thresholds).with_labels()
    return {metric: METRICS[metric].parts(scores) for metric in COMPARED}


def describe(metric: str, own: Floats, other: Floats) -> str:
    """A metric's paired difference and its interval."""
    counts, value = bootstrap_counts(len(own), RESAMPLES, seed=0), METRICS[metric].value
    draws = value(counts @ own) - value(counts @ other)
    low, high = np.percentile(draws, (2.5, 97.5))
    difference = value(own.sum(axis=0)) - value(other.sum(axis=0))
    digits = 5 if metric == "log_loss" else 4
    return f"{difference:+.{digits}f} ({low:+.{digits}f} {high:+.{digits}f})"


if __name__ == "__main__":
    main()
