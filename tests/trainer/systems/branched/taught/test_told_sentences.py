"""What terms tell of sentence vectors: as much of a question that is learned as of a new one."""

from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp

from trainer.progress import ProgressReporter
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.hyperparameters import FitHyperparameters, Hyperparameters
from trainer.systems.branched.taught.told_sentences import (
    ToldSentences,
    principal_components,
    tell_sentences,
)

QUESTIONS, TERMS = 600, 150
DICE = np.random.default_rng(0)
WEIGHTS = DICE.random((QUESTIONS, TERMS)) * (DICE.random((QUESTIONS, TERMS)) < 0.3)
PLAIN = (WEIGHTS @ DICE.normal(size=(TERMS, 5))).astype(np.float16)  # terms tell all of it
NOISE = DICE.normal(size=(QUESTIONS, 5)).astype(np.float16)  # and nothing of this
TRAIN = np.arange(QUESTIONS - 100)


class Encoded(SimpleNamespace):
    """All that is asked of an encoded dataset."""

    def __len__(self) -> int:
        return QUESTIONS


def tell(vectors: npt.NDArray[np.float16], components: int = 5) -> tuple[ToldSentences, FittingRun]:
    encoded = Encoded(
        terms=sp.csr_matrix(WEIGHTS.astype(np.float32)),
        train=TRAIN,
        validation=np.arange(len(TRAIN), QUESTIONS),
        tags=np.zeros((QUESTIONS, 1), np.uint8),
        vectors=vectors,
        reads_sentences=False,
    )
    fit = FitHyperparameters(fold_questions=0, told_components=components, term_ridge=0.1)
    run = FittingRun(
        encoded,  # type: ignore[arg-type]
        Hyperparameters(fit=fit),
        0,
        ProgressReporter(),
        None,
    )
    return tell_sentences(run, vectors), run


def alike(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """How much of one a turned, scaled and moved other explains."""
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    found, *_ = np.linalg.lstsq(other, one, rcond=None)
    return 1 - float(np.square(one - other @ found).sum() / np.square(one).sum())


def test_what_terms_tell_is_told_of_questions_learned_and_new() -> None:
    told, run = tell(PLAIN)
    for part in (TRAIN, run.encoded.validation):
        assert alike(PLAIN[part].astype(np.float32), told.vectors[part].astype(np.float32)) > 0.95
    lengths = np.linalg.norm(told.vectors[TRAIN].astype(float), axis=1)
    assert lengths.mean() == pytest.approx(1, abs=0.01)
    assert run.estimate.done == run.told_work


def test_what_terms_do_not_tell_is_not_learned_by_heart() -> None:
    told, _ = tell(NOISE)
    assert alike(NOISE[TRAIN].astype(np.float32), told.vectors[TRAIN].astype(np.float32)) < 0.1


def test_a_new_question_is_told_by_the_table() -> None:
    told, run = tell(PLAIN, components=2)
    assert told.table.shape == (TERMS, 2)
    some = run.encoded.validation
    np.testing.assert_allclose(told.vectors[some], WEIGHTS[some] @ told.table, atol=2e-3)


def test_principal_components_are_the_directions_that_vary_most() -> None:
    spreads = np.array([0.1, 3, 1, 0.01])
    vectors = (DICE.normal(size=(2000, 4)) * spreads + 7).astype(np.float16)
    found = principal_components(vectors, 2)
    assert found.std(axis=0) == pytest.approx([3, 1], rel=0.1)
    assert found.mean(axis=0) == pytest.approx([0, 0], abs=1e-3)
    assert principal_components(vectors, 9).shape == (2000, 4)  # there are no more
