import numpy as np

from trainer.data.labels import ALWAYS, LEAST_USES, MOST_TAGS, choose_labels, multi_hot

TAGS = [("r", "anova"), ("r",), (), ("glm", "anova", "r"), ("zeta",)]


def test_the_most_frequent_tags_are_kept_in_alphabetical_order() -> None:
    assert choose_labels(TAGS, 2) == ("anova", "r")


def test_ties_go_by_the_alphabet() -> None:
    assert choose_labels(TAGS, 3) == ("anova", "glm", "r")


def test_there_are_no_more_labels_than_tags() -> None:
    assert choose_labels(TAGS, 100) == ("anova", "glm", "r", "zeta")


def test_a_tag_that_no_manifest_takes_is_no_label() -> None:
    hidden = [("r\u200b", "", " ", "x\x01", "x" * 101)] * 9
    assert choose_labels([*TAGS, *hidden], 2) == ("anova", "r")
    assert choose_labels([*TAGS, *hidden], None) == ("anova", "glm", "r", "zeta")


def test_by_default_all_tags_of_some_uses_are_learned_within_bounds() -> None:
    def labels(of_some_uses: int, of_one: int) -> tuple[str, ...]:
        some = [(f"some{number}",) for number in range(of_some_uses)] * LEAST_USES
        return choose_labels([*some, *((f"one{number}",) for number in range(of_one))], None)

    assert len(labels(of_some_uses=10, of_one=20)) == 30  # fewer than are always learned
    assert len(labels(of_some_uses=10, of_one=200)) == ALWAYS
    chosen = labels(of_some_uses=ALWAYS + 50, of_one=200)
    assert len(chosen) == ALWAYS + 50
    assert all(label.startswith("some") for label in chosen)
    assert len(labels(of_some_uses=MOST_TAGS + 9, of_one=0)) == MOST_TAGS


def test_targets_are_ones_where_a_question_has_the_label() -> None:
    targets = multi_hot(TAGS, ("anova", "r"))
    assert targets.tolist() == [[1, 1], [0, 1], [0, 0], [1, 1], [0, 0]]
    assert targets.dtype == np.uint8
