"""What a network is given of questions' sentence vectors."""

from collections.abc import Sequence

import numpy as np

from core.model.sentences.reading import ReadQuestion, TokenIds, Vectors, sentence_vectors


class Counting:
    """Makes of each text its first token, twice; keeps how many it was given."""

    def __init__(self) -> None:
        self.texts = 0

    def tokens(self, title: str, body: str) -> TokenIds:
        return np.array([len(title), len(body)], np.int32)

    def encode(self, texts: Sequence[TokenIds]) -> Vectors:
        self.texts += len(texts)
        return np.array([[text[0], text[0]] for text in texts], np.float16)


def test_each_question_has_its_vector_and_one_that_comes_often_is_encoded_once() -> None:
    encoder = Counting()
    one, other = (np.array([number], np.int32) for number in (3, 5))
    questions = [
        ReadQuestion(["a"], [], one),
        ReadQuestion([], ["b"], other),
        ReadQuestion([], [], one),
    ]
    found = sentence_vectors(encoder, questions, 2)
    assert found.tolist() == [[3, 3], [5, 5], [3, 3]]
    assert found.dtype == np.float32
    assert encoder.texts == 2


def test_words_without_tokens_have_a_unit_vector_that_needs_no_encoder() -> None:
    encoder = Counting()
    assert sentence_vectors(None, [(["a"], [])], 4).tolist() == [[0.5] * 4]
    assert sentence_vectors(encoder, [([], [])], 4).tolist() == [[0.5] * 4]
    assert encoder.texts == 0
    assert sentence_vectors(encoder, [], 4).shape == (0, 4)
