"""Vectors out of files and out of the site's own text."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from core.model.vocabulary import Vocabulary
from tests.trainer.made_up import made_up_dataset
from trainer.systems.networks.network import most_frequent_words
from trainer.systems.word_vectors import read_vectors, site_vectors

WORDS = Vocabulary(["soup", "c++", "salt"])
LINES = "the 1 2 3\nsoup 4 5 6\nsalt -0.5 0 1e-2\n"


@pytest.mark.parametrize("first", ["", "3 3\n"], ids=["GloVe", "word2vec"])
def test_words_of_the_vocabulary_get_their_vectors(tmp_path: Path, first: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(first + LINES)
    expected = [[0, 0, 0], [4, 5, 6], [0, 0, 0], [-0.5, 0, 0.01]]
    assert read_vectors(path, WORDS) == pytest.approx(np.array(expected))


@pytest.mark.parametrize(
    "text", ["", "other 1 2\n", "soup 1 2\nsalt 1\n", "soup one two\n", "soup nan 1\n"]
)
def test_a_file_without_usable_vectors_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(text)
    with pytest.raises(TrainingError, match=r"vectors\.txt"):
        read_vectors(path, WORDS)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be read"):
        read_vectors(tmp_path / "none.txt", WORDS)


def test_words_of_the_same_tag_are_near_each_other_in_the_sites_own_vectors() -> None:
    dataset = made_up_dataset(400)
    words = most_frequent_words(dataset.corpus, dataset.split.train, 200)
    vectors = site_vectors(dataset, words, size=20, seed=0)
    assert vectors.shape == (len(words) + 1, 20)
    assert not vectors[0].any()
    figs, again, limes = (
        vectors[words.numbers([word])[0]] for word in ("figs0", "figs1", "limes0")
    )
    assert figs @ again > figs @ limes
