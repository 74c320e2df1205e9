"""What tags' own names are worth in a site's questions: learned on the validation part, or nothing.

Eight numbers for all labels (`core/model/text/names.py`), by logistic regression on each cell of
question and label, the rarer a label the more it may take from its name. They are used only
where the halves of the validation part, each by what the other teaches, are better together in log
loss, and not surely worse in nDCG@5 against all tags of the authors.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import logit, sigmoid
from core.model.text.names import Named, NameWeights, TagNames, apply_names, rarities
from core.model.tokenizer import question_words
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.scoring.metrics import METRICS, Floats, Scores, ndcg

FREQUENT: Final = 200  # uses of a tag from which on none is more frequent
MOST_CELLS: Final = 2_000_000  # of questions and labels by which they are learned
FEWEST_QUESTIONS: Final = 100  # by which they are learned; fewer say nothing
SURE: Final = 1.96  # standard errors
HELD_BACK: Final = 0.1  # how much the weights are held back to nothing, by a ridge


@dataclass(frozen=True, slots=True)
class FittedNames:
    """The weights that were learned, and the names' words."""

    weights: NameWeights
    names: TagNames

    def find(self, corpus: Corpus, rows: Rows) -> Named:
        """Find the names in rows of a corpus."""
        return find_names(self.names, corpus, rows)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Validation questions: what is known of each cell of question and label.

    Attributes:
        logits: of the network, shape (questions, labels).
        targets: 1 where the question has the label; the same shape.
        named: where names stand.
        rarity: of the labels, shape (labels,).
        tags: how many tags each question has, known or not; shape (questions,).
    """

    logits: Floats
    targets: npt.NDArray[np.uint8]
    named: Named
    rarity: Floats
    tags: npt.NDArray[np.int64]

    def half(self, first: int) -> "_Cells":
        """Return every second question, from the first or from the second on."""
        mine = self.named.rows % 2 == first
        named = Named(self.named.rows[mine] // 2, self.named.labels[mine], self.named.titled[mine])
        some = slice(first, None, 2)
        return _Cells(self.logits[some], self.targets[some], named, self.rarity, self.tags[some])


def fit_names(dataset: Dataset, rows: Rows, probabilities: Floats) -> FittedNames | None:
    """Learn what names are worth; None where they are worth nothing.

    Args:
        dataset: what was learned.
        rows: of its corpus, by which names are learned and judged: the validation part, or what
            was predicted out of fold.
        probabilities: the network's for them, from before it learned from them; shape
            (rows, labels).
    """
    if len(rows) < FEWEST_QUESTIONS:
        return None
    some = rows[-max(FEWEST_QUESTIONS, MOST_CELLS // len(dataset.labels)) :]
    corpus, text = dataset.corpus, dataset.corpus.text
    names = TagNames([question_words(label, "", text)[0] for label in dataset.labels])
    cells = _Cells(
        logit(np.asarray(probabilities[-len(some) :], np.float64)),
        dataset.targets[some],
        find_names(names, corpus, some),
        rarities(dataset.targets[dataset.split.train].sum(axis=0), frequent=FREQUENT),
        np.array([max(len(set(corpus.tags[row])), 1) for row in some], np.int64),
    )
    return FittedNames(_fit(cells), names) if _helps(cells) else None


def find_names(names: TagNames, corpus: Corpus, rows: Rows) -> Named:
    """Find the names in rows of a corpus."""
    lexicon = corpus.lexicon
    words = (
        ([lexicon[word] for word in corpus.titles[row]], [lexicon[w] for w in corpus.bodies[row]])
        for row in rows
    )
    return names.find(list(words))


def _helps(cells: _Cells) -> bool:
    """Whether what one half teaches makes the other better, both ways together.

    The log loss tells so of a hundred questions; of nDCG@5 a thousand tell no more than that it is
    not surely worse, beyond 95% of chance.
    """
    losses, rankings = [], []
    for first in (0, 1):
        judged = cells.half(1 - first)
        before = _scores(judged, judged.logits)
        after = _scores(judged, apply_names(judged.logits, _fit(cells.half(first)), judged.named))
        losses.append(METRICS["log_loss"](after) - METRICS["log_loss"](before))
        rankings.append(ndcg(after, judged.tags, k=5) - ndcg(before, judged.tags, k=5))
    ranking = np.concatenate(rankings)
    chance = SURE * ranking.std() / np.sqrt(len(ranking))
    return bool(sum(losses) < 0 and ranking.mean() > -chance)


def _scores(cells: _Cells, logits: Floats) -> Scores:
    return Scores(cells.targets, sigmoid(logits), np.full(logits.shape[1], 0.5))


def _fit(cells: _Cells) -> NameWeights:
    """Logistic regression of all cells by eight numbers: Newton's steps, with a small ridge."""
    columns = _columns(cells)
    targets = cells.targets.ravel().astype(np.float64)
    weights = np.zeros(len(columns))
    weights[0] = 1.0  # the logit as it is
    start = weights.copy()
    for _ in range(NEWTON_STEPS):
        told = sigmoid(weights @ columns)
        slope = columns @ (targets - told) - HELD_BACK * (weights - start)
        curve = (columns * (told * (1 - told))) @ columns.T + HELD_BACK * np.eye(len(columns))
        step = np.linalg.solve(curve, slope)
        weights = weights + np.clip(step, -1, 1)
        if np.abs(step).max() < CONVERGED:
            break
    scale, shift, title, text = (tuple(pair) for pair in weights.clip(-50, 50).reshape(4, 2))
    return NameWeights(
        rarity=tuple(cells.rarity.tolist()), scale=scale, shift=shift, title=title, text=text
    )


NEWTON_STEPS: Final = 30
CONVERGED: Final = 1e-4


def _columns(cells: _Cells) -> Floats:
    """What each cell is told by: shape (8, questions · labels), in NameWeights' order of pairs."""
    shape = cells.logits.shape
    anywhere, title = np.zeros(shape), np.zeros(shape)
    anywhere[cells.named.rows, cells.named.labels] = 1.0
    title[cells.named.rows, cells.named.labels] = cells.named.titled
    columns = [cells.logits, np.ones(shape), title, anywhere]
    both = [column * rarity for column in columns for rarity in (1.0, cells.rarity)]
    return np.stack([column.ravel() for column in both])
