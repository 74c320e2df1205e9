"""Which words of a question speak for a tag, by leaving them out one at a time.

Occlusion: the question is predicted once more without each of its distinct words, and what the
tag's probability loses is what the word is worth to it, beside all the others (Zeiler and Fergus
2014, §4.2, for images; Li, Monroe and Jurafsky 2016 for words). It says what this model reacts to,
not why the tag is right; of two words that each suffice, neither shows, since the other remains.
So only losses that matter are told, and a tag without any has none.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from core.model.post_processing.synonyms import join_synonyms
from core.model.predictor import Model
from core.model.sentences.reading import ReadQuestion
from core.model.text.names import Words

MOST_WORDS: Final = 100  # that are left out in turn: the title's first, then the most frequent
LEAST_LOSS: Final = 0.02  # of probability
MOST_REASONS: Final = 5  # of a tag


@dataclass(frozen=True, slots=True)
class Reason:
    """A word, and how much of the tag's probability goes with it."""

    word: str
    loss: float


def find_reasons(
    model: Model,
    title: str,
    body: str,
    tags: Sequence[str],
    synonyms: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, list[Reason]]:
    """Return for each tag that the model knows the words that speak for it, the strongest first.

    Args:
        model: is used by this thread alone; 101 predictions at most.
        title: plain text.
        body: HTML.
        tags: for which reasons are wanted.
        synonyms: by tags that are dead at the site, the living ones that the model tells instead.
    """
    whole = model.words(title, body)
    words = _words_to_leave_out(whole)
    told = model.probabilities([whole, *(_without(whole, word) for word in words)])
    manifest = model.manifest
    labels, probabilities, _ = join_synonyms(
        manifest.labels, told, np.array(manifest.thresholds), synonyms
    )
    columns = {tag: labels.index(tag) for tag in tags if tag in labels}
    losses = probabilities[0] - probabilities[1:]
    return {
        tag: _strongest(words, [float(loss) for loss in losses[:, column]])
        for tag, column in columns.items()
    }


def _words_to_leave_out(whole: Words) -> list[str]:
    title, body = whole[:2]
    by_frequency = [word for word, _ in Counter(body).most_common()]
    return list(dict.fromkeys([*title, *by_frequency]))[:MOST_WORDS]


def _without(whole: Words, word: str) -> Words:
    """The same without a word; what a sentence encoder reads stays, so it shows for less then."""
    title, body = ([one for one in words if one != word] for words in whole[:2])
    if isinstance(whole, ReadQuestion):
        return ReadQuestion(title, body, whole.tokens)
    return title, body


def _strongest(words: Sequence[str], losses: Sequence[float]) -> list[Reason]:
    pairs = zip(words, losses, strict=True)
    told = [Reason(word, loss) for word, loss in pairs if loss >= LEAST_LOSS and word.isprintable()]
    return sorted(told, key=lambda reason: (-reason.loss, reason.word))[:MOST_REASONS]
