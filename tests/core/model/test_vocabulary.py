import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BundleCorrupt
from core.model.vocabulary import PADDING, Vocabulary, dump_vocabulary, parse_vocabulary

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))

WORDS = ["the", "robot", "arm", "moves"]
ROBOT = Vocabulary(WORDS, [(2, 3), (1, 2)], [1.0, 2.0, 2.0, 3.0, 4.0, 1.5])


def test_words_are_numbered_from_one_and_unknown_ones_are_padding() -> None:
    vocabulary = Vocabulary(["a", "b", "c"])
    assert vocabulary.numbers(["c", "unknown", "a"]) == [3, PADDING, 1]
    assert (len(vocabulary), vocabulary.unknown, vocabulary.size) == (3, 4, 5)


@given(st.lists(TEXTS, unique=True))
def test_any_words_come_back(known: list[str]) -> None:
    assert parse_vocabulary(dump_vocabulary(Vocabulary(known))).words == tuple(known)


def test_pairs_and_how_rare_they_are_come_back() -> None:
    known = Vocabulary(["a", "b"], [(1, 2), (2, 2)], [1.0, 1.25, 3.5, 2.0])
    found = parse_vocabulary(dump_vocabulary(known))
    assert found.pairs.tolist() == [[1, 2], [2, 2]]
    assert found.rarity.tolist() == [1.0, 1.25, 3.5, 2.0]
    np.testing.assert_array_equal(found.idf, np.array([0, 1, 1.25, 0, 3.5, 2], np.float32))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"idf": [1.0]}, "idf"),
        ({"pairs": [[1, 7]]}, "pair"),
        ({"pairs": [[0, 1]]}, "pair"),
        ({"pairs": [[1]]}, "missing"),
        ({"words": [1]}, "words.0: should be a text, but is 1"),
        ({"words": ["a", "a"]}, "stands twice"),
        ({"more": []}, "more: should not be there"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(change: dict[str, Any], wrong: str) -> None:
    whole = {"words": ["a", "b"], "pairs": [], "idf": []}
    with pytest.raises(BundleCorrupt, match=f"vocabulary.json.*{wrong}"):
        parse_vocabulary(json.dumps(whole | change).encode())


def test_ids_are_words_then_the_unknown_word_then_pairs() -> None:
    assert (ROBOT.unknown, ROBOT.size) == (5, 8)
    assert ROBOT.idf.tolist() == [0, 1, 2, 2, 3, 0, 4, 1.5]


def test_pairs_are_found_between_known_neighbours_only() -> None:
    numbers = np.array([1, 2, 3, 0, 2, 0, 3, 1], np.int32)
    rows = np.zeros(len(numbers), np.int64)
    pairs, where = ROBOT.find_pairs(numbers, rows)
    assert (pairs.tolist(), where.tolist()) == ([7, 6], [0, 0])  # the robot, robot arm
    assert Vocabulary(WORDS).find_pairs(numbers, rows)[0].tolist() == []


def test_no_pair_reaches_from_one_text_into_the_next() -> None:
    numbers = np.array([1, 2, 3, 1, 2], np.int32)
    pairs, where = ROBOT.find_pairs(numbers, np.array([0, 0, 1, 1, 1]))
    assert (pairs.tolist(), where.tolist()) == ([7, 7], [0, 1])  # not the arm of another's robot


def test_a_file_of_which_too_much_would_become_is_not_parsed() -> None:
    many = b'{"words": ["a"], "pairs": [' + b"[1,1]," * 500_000 + b'[1,1]], "idf": []}'
    with pytest.raises(BundleCorrupt, match=r"vocabulary\.json holds more than 1,000,000 values"):
        parse_vocabulary(many)
