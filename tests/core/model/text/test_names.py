import numpy as np
import pytest
from pydantic import ValidationError

from core.model.text.names import MOST_ALIKE, NameWeights, TagNames, apply_names, rarities

WEIGHTS = NameWeights(
    rarity=(0.0, 1.0), scale=(1.0, 0.5), shift=(0.0, -1.0), title=(0.5, 0.0), text=(1.0, 2.0)
)


def test_a_name_is_found_where_all_its_words_stand_in_any_order() -> None:
    names = TagNames([["python"], ["3", "python", "x"], []])
    named = names.find(
        [
            (["python"], ["x", "is", "3"]),
            (["x", "3"], ["of", "python"]),
            (["snake"], ["3", "x"]),
            (["python", "x", "3"], []),
        ]
    )
    found = sorted(zip(named.rows.tolist(), named.labels.tolist(), named.titled, strict=True))
    assert found == [
        (0, 0, True),
        (0, 1, False),
        (1, 0, False),
        (1, 1, False),
        (3, 0, True),
        (3, 1, True),
    ]


def test_a_name_that_many_labels_share_says_nothing() -> None:
    """A bundle of a stranger may have 100,000 labels of one word."""
    names = TagNames([["fig"], *[["the"]] * (MOST_ALIKE + 1)])
    assert names.find([(["the", "fig"], [])]).labels.tolist() == [0]
    assert len(TagNames([["the"]] * MOST_ALIKE).find([(["the"], [])]).labels) == MOST_ALIKE


def test_nothing_named_is_nothing_found() -> None:
    named = TagNames([["python"]]).find([])
    assert (len(named.rows), len(named.labels), len(named.titled)) == (0, 0, 0)


def test_a_rare_tag_is_raised_more_and_others_stay() -> None:
    names = TagNames([["common"], ["rare"]])
    questions = [(["common", "rare"], []), ([], ["rare"]), (["other"], [])]
    told = apply_names(np.full((3, 2), -2.0), WEIGHTS, names.find(questions))
    assert told.tolist() == [[-2.0 + 1.5, -3.0 - 1 + 3.5], [-2.0, -3.0 - 1 + 3.0], [-2.0, -4.0]]


def test_rarity_goes_from_many_uses_to_one() -> None:
    found = rarities(np.array([1000, 100, 10, 1, 0]), frequent=100)
    assert found == pytest.approx([0, 0, 0.5, 1, 1])


@pytest.mark.parametrize("wrong", [{"rarity": (2.0,)}, {"scale": (1.0,)}, {"text": (1e9, 0.0)}])
def test_wrong_weights_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NameWeights.model_validate(WEIGHTS.model_dump() | wrong)
