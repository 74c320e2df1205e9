"""Sentence vectors as a question's terms tell them, for a network that is taught by an encoder.

What an encoder makes of a question is in good part told by its words and pairs of words: a ridge
regression on the terms explains seven tenths of its first principal components on a site of ten
thousand questions. So readers have the better part of a sentence vector beside the document
vector, and no encoder is run where questions are tagged: it is one more table of the terms.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainer.systems.branched import fitting_run
from trainer.systems.branched.encoded_dataset import Float32Array
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.terms import fit_ridge_table

PART = "told sentences"


@dataclass(frozen=True, slots=True)
class ToldSentences:
    """What terms tell of sentence vectors.

    Attributes:
        table: of each term, (ids, components).
        vectors: of all questions, (questions, components), about as long as sentence vectors.
            Those of the training part are told out of fold, as of questions that are yet to be
            asked: by tables of the other folds.
    """

    table: Float32Array
    vectors: npt.NDArray[np.float16]


def tell_sentences(run: FittingRun, vectors: npt.NDArray[np.float16]) -> ToldSentences:
    """Learn what terms tell of the sentence vectors of the training part.

    Args:
        run: the fitting, of a network that is taught.
        vectors: of all questions, (questions, dimensions).

    Raises:
        KeyboardInterrupt: Ctrl-C; there is nothing yet that could be kept but checkpoints.
    """
    stored = run.checkpoints.load(PART)
    if stored is not None and stored.keys() == {"table", "vectors"}:
        run.resumed((), run.told_work)
        return ToldSentences(stored["table"], stored["vectors"])
    told = _tell(run, vectors)
    run.checkpoints.save(PART, {"table": told.table, "vectors": told.vectors})
    return told


def _tell(run: FittingRun, vectors: npt.NDArray[np.float16]) -> ToldSentences:
    encoded, fit = run.encoded, run.hyperparameters.fit
    train, terms = encoded.train, encoded.terms
    targets = principal_components(vectors[train], fit.told_components)
    told = np.zeros((len(encoded), targets.shape[1]), np.float32)
    fold = np.random.default_rng(run.seed).permutation(len(train)) % run.teacher_folds

    def fit_table(some: npt.NDArray[np.bool_]) -> Float32Array:
        return fit_ridge_table(
            terms[train[some]],
            targets[some],
            fit,
            seed=run.seed,
            after_epoch=lambda: run.advance(int(some.sum()) * fitting_run.TERMS_COST),
        )[0]

    for number in range(run.teacher_folds):
        unseen = train[fold == number]
        told[unseen] = terms[unseen] @ fit_table(fold != number)
    table = fit_table(np.ones(len(train), np.bool_))
    told[encoded.validation] = terms[encoded.validation] @ table
    length = float(np.linalg.norm(told[train], axis=1).mean()) or 1.0
    return ToldSentences(table / length, (told / length).astype(np.float16))


def principal_components(vectors: npt.NDArray[np.float16], most: int) -> Float32Array:
    """Return the first ones of vectors, (questions, dimensions): (questions, components)."""
    centred = vectors.astype(np.float32)
    centred -= centred.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(centred @ axes[:, ::-1][:, :most])
