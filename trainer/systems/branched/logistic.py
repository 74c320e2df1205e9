"""The network's logistic regressions: of the labels on terms, and of the tags on the branches."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from core.model.calibration import sigmoid
from trainer.systems.branched.encoded_dataset import Float32Array, Matrix
from trainer.systems.branched.hyperparameters import FitHyperparameters

BIAS_RATE = 0.1  # of the terms
TOLERANCE = 1e-6  # of the stacking weights


def fit_term_table(
    terms: Matrix,
    tags: npt.NDArray[np.uint8],
    hyperparameters: FitHyperparameters,
    *,
    epochs: int,
    seed: int,
    after_epoch: Callable[[], None],
) -> tuple[Float32Array, Float32Array]:
    """Fit one logistic regression for each label over weighted terms, all labels at once.

    Lazy Adagrad (Duchi, Hazan, Singer 2011): a step touches only the rows of the terms that its
    batch holds, which is several times as fast as one-vs-rest liblinear, and as good.

    Args:
        terms: weights, sparse, shape (questions, terms).
        tags: shape (questions, labels).
        hyperparameters: `term_batch`, and `term_rate` of the first step, which falls to zero.
        epochs: over all questions.
        seed: of the questions' order.
        after_epoch: called at each one's end.

    Returns:
        Weights of shape (terms, labels) and a bias of shape (labels,).
    """
    random = np.random.default_rng(seed)
    questions = terms.shape[0]
    bias = logit_of_share(tags)
    table = np.zeros((terms.shape[1], tags.shape[1]), np.float32)
    squares = np.full_like(table, 1e-4)
    step, steps = 0, epochs * -(-questions // hyperparameters.term_batch)
    for _ in range(epochs):
        order = random.permutation(questions)
        for start in range(0, questions, hyperparameters.term_batch):
            rows = order[start : start + hyperparameters.term_batch]
            rate = hyperparameters.term_rate * (1 - step / steps)
            _step(terms[rows], tags[rows], table, squares, bias, rate)
            step += 1
        after_epoch()
    return table, bias


def logit_of_share(tags: npt.NDArray[np.uint8]) -> Float32Array:
    """The logit of how often each tag stands on a question, (tags,)."""
    share = np.clip(tags.mean(axis=0, dtype=np.float64), 1e-5, 1 - 1e-5)
    return np.asarray(np.log(share / (1 - share)), np.float32)


def _step(
    batch: Matrix,
    tags: npt.NDArray[np.uint8],
    table: Float32Array,
    squares: Float32Array,
    bias: Float32Array,
    rate: float,
) -> None:
    """Change table, squares and bias by a batch."""
    touched, column = np.unique(batch.indices, return_inverse=True)
    local = type(batch)((batch.data, column, batch.indptr), (batch.shape[0], len(touched)))
    logits = local @ table[touched] + bias
    error = ((sigmoid(logits) - tags) / len(tags)).astype(np.float32)
    gradient = local.T @ error
    summed = squares[touched] + gradient * gradient
    squares[touched] = summed
    table[touched] -= rate * gradient / np.sqrt(summed)
    bias -= BIAS_RATE * rate * error.sum(axis=0)


def fit_stacking_weights(
    branches: Sequence[Float32Array], tags: npt.NDArray[np.uint8]
) -> Float32Array:
    """A weight for each branch and one shift, by which the log loss is least.

    It is logistic regression on the branches' logits (stacking, Wolpert 1992), so it calibrates.
    Its penalty matters to a handful of questions alone, which the branches may tell without fault.

    Args:
        branches: logits of each, shape (questions, labels).
        tags: the same shape.

    Returns:
        The weights and then the shift.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    if not 0 < tags.sum() < tags.size:  # nothing to tell apart
        return np.array([*[1 / len(branches)] * len(branches), 0.0], np.float32)
    cells = np.stack([branch.ravel().astype(np.float64) for branch in branches], axis=1)
    fitted = LogisticRegression(tol=TOLERANCE).fit(cells, tags.ravel())
    return np.append(fitted.coef_[0], fitted.intercept_).astype(np.float32)
