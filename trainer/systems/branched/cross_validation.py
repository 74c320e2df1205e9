"""What the branches say of a small site's questions out of fold: of each, fitted to the others.

The tenth of a few hundred questions that validates tells too little to weigh branches, to
calibrate, and to learn what names of tags say. Out of fold all of them tell it (stacking, Wolpert
1992). Words, their idf and their embeddings are made from the others, too, so that a question is as
new to a branch as one that is yet to be asked.
"""

from collections.abc import Callable, Iterator

import numpy as np

from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.systems.branched import fitting_run
from trainer.systems.branched.branches import Pass, fold_suffixes
from trainer.systems.branched.documents import DocumentVectors, document_vectors
from trainer.systems.branched.embeddings import make_tables
from trainer.systems.branched.encoded_dataset import Float32Array, prepare_fold
from trainer.systems.branched.fitting_run import FittingRun

Logits = tuple[Float32Array, ...]
"""Of each branch, (questions, labels)."""

FitFold = Callable[[FittingRun, DocumentVectors, Pass], Logits]
"""Fits the branches in a pass, and returns what they say of the run's validation part."""


def predict_out_of_fold(
    run: FittingRun, dataset: Dataset, fit_fold: FitFold
) -> tuple[Rows, Logits]:
    """Let the branches say what they make of each question that has a label.

    Ctrl-C ends it with the folds that are finished.

    Args:
        run: of a site that is cross-validated.
        dataset: what is learned.
        fit_fold: called for each fold.

    Returns:
        Rows of the encoded dataset, and the logits of these.

    Raises:
        KeyboardInterrupt: before there was a fold to keep.
    """
    rows: list[Rows] = []
    logits: list[Logits] = []
    try:
        for held_out, said in _each_fold(run, dataset, fit_fold):
            rows.append(held_out)
            logits.append(said)
    except KeyboardInterrupt as interrupt:
        if not rows:
            raise
        run.stop(interrupt)
    return np.concatenate(rows), tuple(
        np.concatenate(branch) for branch in zip(*logits, strict=True)
    )


def _each_fold(
    run: FittingRun, dataset: Dataset, fit_fold: FitFold
) -> Iterator[tuple[Rows, Logits]]:
    labelled = run.encoded.labelled
    folds = np.random.default_rng(run.seed).permutation(len(labelled)) % run.folds
    for number, suffix in enumerate(fold_suffixes(run.folds)):
        held_out = labelled[folds == number]
        part = run.without(prepare_fold(dataset, run.encoded, held_out, run.hyperparameters))
        encoded = part.encoded
        tables = make_tables(
            dataset.corpus, encoded, run.hyperparameters, seed=run.seed, rows=encoded.train
        )
        run.advance(fitting_run.TABLES_COST * len(encoded.train))
        learned = Pass(encoded.train, held_out[:0], suffix)
        with document_vectors(encoded, tables, run.checkpoints.folder) as documents:
            yield held_out, fit_fold(part, documents, learned)
