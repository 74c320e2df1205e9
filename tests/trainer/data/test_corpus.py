from dataclasses import replace
from datetime import datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from core.database.tables import PredictedTag, Prediction, Question, Verdict
from core.model.encoding import SequenceInput, encode
from core.model.tokenizer import TextSettings, question_words
from core.model.vocabulary import Vocabulary
from core.questions.selection import Selection
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions
from trainer.data.corpus import LabelledQuestion, read_corpus
from trainer.data.stored import stored_questions
from trainer.systems.networks.network import encode_rows, most_frequent_words

TEXTS = [("Apples, figs", "<p>figs and C++</p>"), ("", ""), ("c++?", "<pre>apples</pre> figs")]


def labelled(*texts: tuple[str, str]) -> list[LabelledQuestion]:
    return [
        LabelledQuestion(number, title, body, ("r",), f"{title}|{body}")
        for number, (title, body) in enumerate(texts)
    ]


def add_verdicts(engine: Engine, number: int, now: datetime, **verdicts: str) -> None:
    with engine.begin() as connection:
        pk = connection.execute(
            select(Question.id).where(Question.question_id == number)
        ).scalar_one()
        rows = [
            {"question_pk": pk, "tag": tag, "verdict": verdict, "reviewer": "ann", "at": now}
            for tag, verdict in verdicts.items()
        ]
        connection.execute(insert(Verdict), rows)


def test_a_sites_questions_come_in_the_order_of_their_ids(
    engine: Engine, clock: ManualClock
) -> None:
    known = [question(number) for number in (30, 4, 200)]
    store_questions(engine, *known, question(1, site="other"), now=clock.now())
    with engine.connect() as connection:
        found = list(stored_questions(connection, Selection("stats")))
    assert [q.question_id for q in found] == [4, 30, 200]
    assert found[0].content_hash == known[1].content_hash()


def test_people_correct_the_authors_tags(engine: Engine, clock: ManualClock) -> None:
    tagged = [question(number, author_tags=("anova", "r")) for number in (1, 2)]
    store_questions(engine, *tagged, now=clock.now())
    add_verdicts(
        engine, 1, clock.now(), r="rejected", anova="accepted", glm="added", mle="accepted"
    )
    with engine.connect() as connection:
        tags = [q.tags for q in stored_questions(connection, Selection("stats"))]
    assert tags == [("anova", "glm", "mle"), ("anova", "r")]


def test_predictions_are_never_learned_from(engine: Engine, clock: ManualClock) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    store_questions(engine, question(1, author_tags=("r",)), now=clock.now())
    with engine.begin() as connection:
        pk = connection.execute(select(Question.id)).scalar_one()
        key = {"question_pk": pk, "model_version_id": version.id}
        connection.execute(
            insert(Prediction).values(**key, predicted_at=clock.now(), content_hash="")
        )
        connection.execute(
            insert(PredictedTag).values(**key, tag="anova", probability=1.0, suggested=True)
        )
        assert [q.tags for q in stored_questions(connection, Selection("stats"))] == [("r",)]


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
