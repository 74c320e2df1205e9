import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agreement.label_quality import ALPHA, label_quality, uncertainty

LABELS = ("a", "b", "c", "d", "e", "f")
shares = st.floats(0, 1)


def by_the_formula(author: set[str], probabilities: dict[str, float]) -> float:
    """The paper's score over all labels, word for word."""
    p = np.array([probabilities.get(tag, 0.0) for tag in LABELS])
    given_ = np.array([tag in author for tag in LABELS])
    scores = np.sort(np.where(given_, p, 1 - p))[::-1]
    average = scores[0]
    for score in scores[1:]:
        average = ALPHA * score + (1 - ALPHA) * average
    return float(average)


@given(
    author=st.sets(st.sampled_from([*LABELS, "unknown"])),
    probabilities=st.dictionaries(st.sampled_from(LABELS), shares),
)
def test_it_is_the_score_of_the_paper(author: set[str], probabilities: dict[str, float]) -> None:
    found = label_quality(author, probabilities, LABELS)
    assert found == pytest.approx(by_the_formula(author & set(LABELS), probabilities))
    assert 0 <= found <= 1


def test_what_the_model_disputes_most_comes_first() -> None:
    predicted = {"a": 0.97, "b": 0.4, "c": 0.02}
    agreed = label_quality(("a", "b"), predicted, LABELS)
    missing = label_quality(("b",), predicted, LABELS)  # suggested, and the author lacks it
    improbable = label_quality(("a", "b", "c"), predicted, LABELS)
    assert max(missing, improbable) < agreed / 2


def test_tags_that_the_model_does_not_know_are_no_evidence() -> None:
    predicted = {"a": 0.9}
    known = label_quality(("a",), predicted, LABELS)
    assert label_quality(("a", "new-tag"), predicted, LABELS) == known


@pytest.mark.parametrize(
    ("probabilities", "expected"), [([], 0), ([0.5, 0.9], 0.6), ([1, 0, 0.25], 0.25)]
)
def test_uncertainty_is_the_expected_number_of_wrong_tags(
    probabilities: list[float], expected: float
) -> None:
    assert uncertainty(probabilities) == pytest.approx(expected)
