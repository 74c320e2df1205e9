import numpy as np

from core.model.post_processing.synonyms import join_synonyms


def test_a_living_label_has_the_highest_probability_and_its_own_threshold() -> None:
    said = np.array([[0.9, 0.2, 0.1, 0.5], [0.1, 0.3, 0.2, 0.6]])
    synonyms = {"old": "new", "dead": "unknown"}
    labels, probabilities, thresholds = join_synonyms(
        ("old", "new", "other", "dead"), said, np.array([0.4, 0.3, 0.2, 0.1]), synonyms
    )
    assert labels == ("new", "other", "unknown")
    assert probabilities.tolist() == [[0.9, 0.1, 0.5], [0.3, 0.2, 0.6]]
    assert thresholds.tolist() == [0.3, 0.2, 0.1]


def test_of_dead_names_alone_the_lowest_threshold_counts_in_whatever_order_they_are() -> None:
    said, limits = np.array([[0.5, 0.1]]), np.array([0.3, 0.7])
    synonyms = {"old": "new", "older": "new"}
    for order in ([0, 1], [1, 0]):
        names = tuple(("old", "older")[column] for column in order)
        labels, probabilities, thresholds = join_synonyms(
            names, said[:, order], limits[order], synonyms
        )
        assert labels == ("new",)
        assert probabilities.tolist() == [[0.5]]
        assert thresholds.tolist() == [0.3]
