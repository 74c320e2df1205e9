"""What a tag's own name in a question's words says of the tag.

A tag of a few uses is hardly learned from its questions, but its name often stands in them: of the
questions of tags of 2 to 5 uses of cooking seven in ten hold all words of the tag. So a logit
of the network is scaled and shifted, and raised where the name stands in the title or anywhere,
the more the rarer the tag. How much was learned on validation questions
(`trainer/scoring/names.py`).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from core.model.sentences.reading import ReadQuestion

Floats = npt.NDArray[np.float64]
Words = tuple[list[str], list[str]] | ReadQuestion  # the title's and the body's

MOST_ALIKE: Final = 20
"""Labels whose names have the same words; a name of more says nothing of any of them."""

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=-100, le=100)]
# A weight for a frequent tag, and what is added to it for the rarest, in proportion to rarity.
Pair = tuple[Weight, Weight]


class NameWeights(BaseModel):
    """What is learned of it: sigmoid(scale · logit + shift + title · [..] + text · [..]).

    Attributes:
        rarity: of each label, 0 for the frequent ones to 1 for one use.
        scale: of the network's logit.
        shift: beside it.
        title: where all words of the name stand in the title.
        text: where all stand in title or body.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rarity: tuple[Share, ...]
    scale: Pair
    shift: Pair
    title: Pair
    text: Pair

    def of_labels(self, pair: Pair) -> Floats:
        """Return a weight for each label: shape (labels,)."""
        return pair[0] + pair[1] * np.array(self.rarity)


@dataclass(frozen=True, slots=True)
class Named:
    """Where names of tags stand: one item each for a question and a label.

    Attributes:
        rows: of the questions.
        labels: their places.
        titled: whether the title holds the whole name.
    """

    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    titled: npt.NDArray[np.bool_]


class TagNames:
    """The words of labels' names, to find them in questions.

    names = TagNames([["python"], ["python", "3", "x"]])
    named = names.find([(["python"], ["my", "code"])])
    """

    def __init__(self, names: Sequence[Sequence[str]]) -> None:
        """Take the words of each label's name, as the model reads them; some may have none."""
        self._by_first: defaultdict[str, list[tuple[int, frozenset[str]]]] = defaultdict(list)
        sets = [frozenset(words) for words in names]
        alike = Counter(sets)
        for label, (words, unordered) in enumerate(zip(names, sets, strict=True)):
            if words and alike[unordered] <= MOST_ALIKE:
                self._by_first[words[0]].append((label, unordered))
        self._first = frozenset(self._by_first)

    def find(self, questions: Sequence[Words]) -> Named:
        """Find the names whose words all stand in a question, in any order."""
        found: list[tuple[int, int, bool]] = []
        for row, question in enumerate(questions):
            in_title = set(question[0])
            anywhere = in_title.union(question[1])
            for first in anywhere & self._first:
                for label, words in self._by_first[first]:
                    if words <= anywhere:
                        found.append((row, label, words <= in_title))
        rows, labels, titled = zip(*found, strict=True) if found else ((), (), ())
        return Named(np.array(rows, np.int64), np.array(labels, np.int64), np.array(titled, bool))


def apply_names(logits: Floats, weights: NameWeights, named: Named) -> Floats:
    """Return the logits with what names say: the same shape, (questions, labels)."""
    told = logits * weights.of_labels(weights.scale) + weights.of_labels(weights.shift)
    raised = weights.of_labels(weights.text)[named.labels]
    raised = raised + weights.of_labels(weights.title)[named.labels] * named.titled
    told[named.rows, named.labels] += raised
    return told


def rarities(uses: npt.NDArray[Any], *, frequent: int) -> Floats:
    """Return how rare labels are, from 0 for so many uses or more to 1 for one: shape (labels,)."""
    return np.asarray(1 - np.clip(np.log(np.maximum(uses, 1)) / np.log(frequent), 0, 1))
