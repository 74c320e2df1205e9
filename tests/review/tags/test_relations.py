import pytest

from review.tags.relations import learn_relations


def test_a_tag_that_nearly_always_comes_with_another_implies_it() -> None:
    questions = [["python-3.x", "python"]] * 97 + [["python-3.x"]] * 3
    questions += [["python", "pandas"]] * 60 + [["python"]] * 100 + [["pandas"]] * 40
    found = learn_relations(questions)
    (one,) = found.implications
    assert (one.tag, one.parent) == ("python-3.x", "python")
    assert (one.questions, one.together, one.parent_questions) == (100, 97, 257)
    assert (one.confidence, round(one.bound, 3)) == (0.97, 0.915)
    assert found.questions == 300


def test_few_questions_are_no_evidence() -> None:
    assert not learn_relations([["rare", "common"]] * 9 + [["common"]] * 50).implications


def test_two_tags_that_always_come_together_imply_neither() -> None:
    assert not learn_relations([["a", "b"]] * 100).implications


def test_spellings_that_keep_the_same_company_may_be_synonyms() -> None:
    questions = [["time-series", "arima"]] * 30 + [["timeseries", "arima"]] * 10
    questions += [["forecasts", "weather"]] * 20 + [["forecast", "cooking"]] * 20
    questions += [["c++", "pointers"]] * 10 + [["c#", "pointers"]] * 10
    (one,) = learn_relations(questions).synonyms
    assert (one.tag, one.other) == ("time-series", "timeseries")
    assert (one.questions, one.other_questions, one.together) == (30, 10, 0)
    assert one.cosine == pytest.approx(1.0)


def test_spellings_that_stand_together_are_no_synonyms() -> None:
    questions = [["mean", "means", "x"]] * 20 + [["mean", "x"]] * 20
    assert not learn_relations(questions).synonyms


def test_a_tag_given_twice_counts_once() -> None:
    (one,) = learn_relations([["a", "a", "b"]] * 20 + [["b"]] * 20).implications
    assert (one.questions, one.together) == (20, 20)
