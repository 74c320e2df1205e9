import numpy as np
import pytest

from tests.trainer.made_up import made_up_dataset
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.vocabulary import build_vocabulary, count_common

DEFAULTS = Hyperparameters()


def test_a_vocabulary_begins_with_the_words_of_most_questions() -> None:
    dataset = made_up_dataset(200)
    vocabulary = build_vocabulary(dataset.corpus, np.arange(200), DEFAULTS.inputs)
    rarity = vocabulary.idf[1 : vocabulary.unknown]
    assert (np.diff(rarity) >= 0).all()
    texts = [{*dataset.corpus.titles[row], *dataset.corpus.bodies[row]} for row in range(200)]
    first = dataset.corpus.lexicon.index(vocabulary.words[0])
    questions = sum(first in text for text in texts)
    assert rarity[0] == pytest.approx(np.log(201 / (1 + questions)) + 1, abs=1e-4)
    common = count_common(vocabulary, 200, 0.2)
    spread = [
        sum(dataset.corpus.lexicon.index(word) in text for text in texts)
        for word in vocabulary.words[common - 1 : common + 1]
    ]
    assert spread[0] > 40 >= spread[1]


def test_pairs_are_of_enough_questions() -> None:
    dataset = made_up_dataset(200)
    vocabulary = build_vocabulary(dataset.corpus, np.arange(200), DEFAULTS.inputs)
    assert len(vocabulary.pairs) > 0
    left, right = (vocabulary.words[number - 1] for number in vocabulary.pairs[-1])
    holding = 0
    for row in range(200):
        for text in (dataset.corpus.titles[row], dataset.corpus.bodies[row]):
            words = " ".join(dataset.corpus.lexicon[word] for word in text)
            if f" {left} {right} " in f" {words} ":
                holding += 1
                break
    assert holding >= DEFAULTS.inputs.pair_questions
