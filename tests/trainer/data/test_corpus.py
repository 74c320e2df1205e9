from dataclasses import replace

import numpy as np

from core.model.tokenizer import TextSettings, question_words
from trainer.data.corpus import LabelledQuestion, read_corpus

TEXTS = [("Apples, figs", "<p>figs and C++</p>"), ("", ""), ("c++?", "<pre>apples</pre> figs")]


def labelled(*texts: tuple[str, str]) -> list[LabelledQuestion]:
    return [
        LabelledQuestion(number, title, body, ("r",), f"{title}|{body}")
        for number, (title, body) in enumerate(texts)
    ]


def test_a_corpus_holds_each_texts_words() -> None:
    corpus = read_corpus("stats", labelled(*TEXTS), TextSettings())
    read = [
        (
            [corpus.lexicon[i] for i in corpus.titles[row]],
            [corpus.lexicon[i] for i in corpus.bodies[row]],
        )
        for row in range(len(corpus))
    ]
    assert read == [question_words(title, body) for title, body in TEXTS]
    assert corpus.titles.ids.dtype == np.int32


def test_the_fingerprint_tells_data_apart() -> None:
    data = labelled(*TEXTS)
    changed = [
        data,
        data[:2],
        [replace(data[0], tags=("r", "anova")), *data[1:]],
        [replace(data[0], content_hash="other"), *data[1:]],
        [replace(data[0], question_id=99), *data[1:]],
    ]
    prints = [read_corpus("stats", questions, TextSettings()).fingerprint for questions in changed]
    assert len(set(prints)) == len(prints)
    assert prints[0] == read_corpus("stats", labelled(*TEXTS), TextSettings()).fingerprint
