import numpy as np

from trainer.data.corpus import LabelledQuestion
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.evaluation.examples import ProbableTag, choose_examples, make_example
from trainer.scoring.metrics import Scores

PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.5, 0.95]])
SCORES = Scores(np.zeros((5, 2), np.uint8), PROBABILITIES, np.array([0.5, 0.5]))


def test_of_equally_good_questions_the_surest_come_first() -> None:
    best, worst = choose_examples(SCORES, np.array([1.0, 0.0, 1.0, 0.0, 0.5]), 2)
    assert best.tolist() == [0, 2]
    assert worst.tolist() == [1, 3]


def test_no_question_is_among_the_best_and_the_worst() -> None:
    best, worst = choose_examples(SCORES, np.ones(5))
    assert len(best) == len(worst) == 2
    assert not set(best) & set(worst)


def test_without_questions_there_are_no_examples() -> None:
    empty = Scores(np.zeros((0, 2), np.uint8), np.zeros((0, 2)), np.ones(2))
    best, worst = choose_examples(empty, np.zeros(0))
    assert len(best) == len(worst) == 0


def test_an_example_says_what_is_probable_and_what_is_suggested() -> None:
    question = LabelledQuestion(7, "Which?", "<p>x</p>", ("b", "c"), "", "https://a.example/7")
    candidate = EvaluatedModel(name="candidate", description="", labels=("a", "b"), scores=SCORES)
    example = make_example(question, candidate, 3, 0.25)
    assert example.found == (ProbableTag("a", 0.6, True), ProbableTag("b", 0.4, False))
    assert (example.question_id, example.tags, example.quality) == (7, ("b", "c"), 0.25)
    assert example.link == "https://a.example/7"
