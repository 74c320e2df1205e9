import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model.encoding import SequenceInput, encode
from core.model.tokenizer import TextSettings, question_words
from core.model.vocabulary import Vocabulary
from trainer.data.corpus import LabelledQuestion, read_corpus
from trainer.systems.networks.network import encode_rows, most_frequent_words

TEXTS = [("Apples, figs", "<p>figs and C++</p>"), ("", ""), ("c++?", "<pre>apples</pre> figs")]


def labelled(*texts: tuple[str, str]) -> list[LabelledQuestion]:
    return [
        LabelledQuestion(number, title, body, ("r",), f"{title}|{body}")
        for number, (title, body) in enumerate(texts)
    ]


def test_the_most_frequent_words_are_those_of_the_rows_alone() -> None:
    corpus = read_corpus("stats", labelled(*TEXTS), TextSettings())
    assert most_frequent_words(corpus, np.array([0, 2]), 3).words == ("figs", "apples", "c++")
    assert most_frequent_words(corpus, np.array([2]), 9).words == ("apples", "c++", "figs")
    assert most_frequent_words(corpus, np.array([1]), 9).words == ()


@settings(deadline=None)
@given(
    st.lists(st.tuples(*[st.text("abc. ", max_size=12)] * 2), max_size=5),
    st.sampled_from(["title", "body", "text"]),
)
@pytest.mark.slow
def test_training_encodes_a_question_as_serving_does(
    texts: list[tuple[str, str]], source: str
) -> None:
    corpus = read_corpus("stats", labelled(*texts), TextSettings())
    vocabulary = Vocabulary(["a", "b", "a.b"])
    spec = SequenceInput.model_validate(
        {"name": "x", "source": source, "length": 4, "keep": "last", "pad": "front"}
    )
    served = encode([question_words(*text) for text in texts], vocabulary, [spec])
    trained = encode_rows(corpus, np.arange(len(texts)), vocabulary, (spec,))
    np.testing.assert_array_equal(trained["x"], served["x"])
