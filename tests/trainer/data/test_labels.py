import numpy as np

from trainer.data.labels import choose_labels, multi_hot

TAGS = [("r", "anova"), ("r",), (), ("glm", "anova", "r"), ("zeta",)]


def test_the_most_frequent_tags_are_kept_in_alphabetical_order() -> None:
    assert choose_labels(TAGS, 2) == ("anova", "r")


def test_ties_go_by_the_alphabet() -> None:
    assert choose_labels(TAGS, 3) == ("anova", "glm", "r")


def test_there_are_no_more_labels_than_tags() -> None:
    assert choose_labels(TAGS, 100) == ("anova", "glm", "r", "zeta")


def test_targets_are_ones_where_a_question_has_the_label() -> None:
    targets = multi_hot(TAGS, ("anova", "r"))
    assert targets.tolist() == [[1, 1], [0, 1], [0, 0], [1, 1], [0, 0]]
    assert targets.dtype == np.uint8
