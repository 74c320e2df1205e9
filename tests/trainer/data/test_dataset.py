from dataclasses import replace

import numpy as np
import pytest

from core.errors import NotEnoughQuestions
from core.model.tokenizer import TextSettings
from core.questions.time_order import Seen
from tests.trainer.made_up import made_up_corpus
from trainer.data.corpus import Corpus, LabelledQuestion, read_corpus
from trainer.data.dataset import DatasetOptions, hold_out_newest, make_dataset

OPTIONS = DatasetOptions(min_questions=50)


def corpus_of(*tags: tuple[str, ...]) -> Corpus:
    questions = (
        LabelledQuestion(10 * number, f"title {number}", "<p>body</p>", own, str(number))
        for number, own in enumerate(tags)
    )
    return read_corpus("stats", questions, TextSettings())


def test_the_newest_tenth_is_held_out_and_nothing_of_it_is_in_the_dataset() -> None:
    corpus = made_up_corpus(200)
    dataset, holdout = hold_out_newest(corpus, OPTIONS)
    assert holdout.corpus.question_ids.tolist() == list(range(181, 201))
    assert holdout.rows.tolist() == list(range(20))
    assert dataset.corpus.question_ids.max() == 180
    assert len(dataset.targets) == len(dataset.corpus) == 180
    assert len(dataset.split.test) == 0
    assert dataset.split.train.max() < dataset.split.validation.min()


def test_a_part_of_a_corpus_has_the_words_of_its_questions() -> None:
    corpus = made_up_corpus(100)
    _, newest = corpus.cut(60)
    for row in (0, 39):
        np.testing.assert_array_equal(newest.titles[row], corpus.titles[60 + row])
        np.testing.assert_array_equal(newest.bodies[row], corpus.bodies[60 + row])
    assert newest.tags == corpus.tags[60:]


def test_a_tag_of_held_out_questions_alone_is_not_learned() -> None:
    corpus = corpus_of(*[("a", "b")] * 90, *[("new",)] * 10)
    dataset, holdout = hold_out_newest(corpus, OPTIONS)
    assert dataset.labels == ("a", "b")
    assert len(holdout.rows) == 10


def test_questions_without_tags_are_not_judged_by() -> None:
    corpus = corpus_of(*[("a",), ("b",)] * 45, *[()] * 30, *[("a",)] * 10)
    dataset, holdout = hold_out_newest(corpus, OPTIONS)
    assert len(holdout.rows) == 10
    assert len(dataset.corpus) == 120  # what is not judged by may still teach words


def test_a_model_is_judged_by_what_it_has_not_learned_from() -> None:
    dataset, holdout = hold_out_newest(made_up_corpus(200), OPTIONS)
    seen = dataset.corpus.seen()
    assert seen == Seen(row=180)
    assert [len(holdout.unseen_by(those).rows) for those in (Seen(), seen)] == [20, 20]
    newer = holdout.unseen_by(Seen(row=195))
    assert holdout.corpus.question_ids[newer.rows].tolist() == [196, 197, 198, 199, 200]


def test_a_site_whose_questions_share_no_words_is_refused() -> None:
    signs = [
        LabelledQuestion(n, "???", "<p>\N{PARTY POPPER}!</p>", ("ab"[n % 2],), "")
        for n in range(90)
    ]
    lone = [LabelledQuestion(n, f"x{n}", "<p>?</p>", ("a", "b"), "") for n in range(30, 60)]
    shared = [LabelledQuestion(n, "why", "<p>?</p>", ("a", "b"), "") for n in range(40)]
    for questions, readable in ((signs, 0), ([*signs, *lone, *shared], 40)):
        corpus = read_corpus("stats", questions, TextSettings())
        for make in (hold_out_newest, make_dataset):
            with pytest.raises(NotEnoughQuestions, match=f"only {readable} have a word"):
                make(corpus, OPTIONS)


def test_a_site_of_one_tag_is_refused() -> None:
    with pytest.raises(NotEnoughQuestions, match=r"one tag only \(a\)"):
        hold_out_newest(corpus_of(*[("a",)] * 60), OPTIONS)


def test_a_site_of_whose_questions_hardly_any_has_a_tag_to_learn_is_refused() -> None:
    corpus = corpus_of(*[(f"tag{number}",) for number in range(100)])
    few = replace(OPTIONS, top_tags=4)
    with pytest.raises(NotEnoughQuestions, match=r"4 questions .* of the 4 tags .* 5 are needed"):
        hold_out_newest(corpus, few)
    with pytest.raises(NotEnoughQuestions, match=r"4 questions .* of the 4 tags .* 50 are needed"):
        make_dataset(corpus, few)
    dataset, _ = hold_out_newest(corpus, replace(OPTIONS, top_tags=5))
    assert (len(dataset.split.train), len(dataset.split.validation)) == (4, 1)


def test_a_site_with_too_few_tagged_questions_is_refused() -> None:
    with pytest.raises(NotEnoughQuestions, match="40 tagged questions here, and training needs 50"):
        hold_out_newest(corpus_of(*[("a", "b")] * 40, *[()] * 60), OPTIONS)
