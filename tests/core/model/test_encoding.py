"""Texts as networks take them: sequences of ids, bags of words, weighted terms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.encoding import (
    BagInput,
    Input,
    SequenceInput,
    TermsInput,
    encode,
    into_calls,
)
from core.model.vocabulary import PADDING, Vocabulary

LETTERS = Vocabulary(["a", "b", "c"])
SPECS = st.builds(
    SequenceInput,
    name=st.just("x"),
    source=st.sampled_from(["title", "body", "text"]),
    length=st.integers(1, 6),
    keep=st.sampled_from(["first", "last"]),
    pad=st.sampled_from(["front", "back"]),
)
TEXTS = st.lists(st.sampled_from(["a", "b", "c", "unknown"]), max_size=8)

WORDS = ["the", "robot", "arm", "moves"]
VOCABULARY = Vocabulary(WORDS, [(2, 3), (1, 2)], [1.0, 2.0, 2.0, 3.0, 4.0, 1.5])
UNKNOWN, ROBOT_ARM = 5, 6


def encoded(title: str, body: str, **settings: object) -> list[int]:
    spec = SequenceInput.model_validate({"name": "x", "source": "text", "length": 4} | settings)
    return list(encode([(title.split(), body.split())], LETTERS, [spec])["x"][0])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [1, 2, 0, 0]),
        ({"pad": "front"}, [0, 0, 1, 2]),
        ({"source": "title"}, [1, 0, 0, 0]),
        ({"source": "body", "pad": "front"}, [0, 0, 0, 2]),
    ],
)
def test_a_short_text_is_padded(settings: dict[str, object], expected: list[int]) -> None:
    assert encoded("a", "b unknown", **settings) == expected


@pytest.mark.parametrize(("keep", "expected"), [("first", [1, 1, 2, 2]), ("last", [2, 3, 3, 3])])
def test_a_long_text_is_cut(keep: str, expected: list[int]) -> None:
    assert encoded("a a", "b b c c c", keep=keep) == expected[:4]


@given(title=TEXTS, body=TEXTS, spec=SPECS)
def test_a_row_holds_its_known_words_in_their_order(
    title: list[str], body: list[str], spec: SequenceInput
) -> None:
    source = {"title": title, "body": body, "text": title + body}[spec.source]
    known = [number for number in LETTERS.numbers(source) if number != PADDING]
    kept = known[: spec.length] if spec.keep == "first" else known[-spec.length :]
    padding = [PADDING] * (spec.length - len(kept))
    (row,) = encode([(title, body)], LETTERS, [spec])["x"]
    assert list(row) == (padding + kept if spec.pad == "front" else kept + padding)
    assert row.dtype == np.int32


def test_no_questions_give_empty_arrays() -> None:
    spec = SequenceInput(name="x", source="text", length=4)
    assert encode([], LETTERS, [spec])["x"].shape == (0, 4)


def weighted(spec: BagInput | TermsInput, title: str, body: str) -> dict[int, float]:
    arrays = encode([(title.split(), body.split())], VOCABULARY, [spec])
    ids, weights = (arrays[name][0] for name in spec.names)
    assert (ids.dtype, weights.dtype) == (np.int32, np.float32)
    kept = ids > 0
    assert not weights[~kept].any()
    return dict(zip(ids[kept].tolist(), weights[kept].tolist(), strict=True))


def test_a_bag_holds_each_known_word_once_with_the_logarithm_of_its_uses() -> None:
    found = weighted(BagInput(name="bag", source="body", length=4), "moves", "arm the arm x arm")
    assert found == {1: 1.0, 3: pytest.approx(1 + np.log(3))}


def test_terms_are_unit_tf_idf_and_the_titles_once_more() -> None:
    spec = TermsInput(name="terms", source="text", length=8)
    body_only = weighted(spec, "", "robot arm")
    length = np.linalg.norm([2, 2, 4])
    assert body_only == pytest.approx({2: 2 / length, 3: 2 / length, ROBOT_ARM: 4 / length})
    both = weighted(spec, "moves", "robot arm")
    length = np.linalg.norm([2, 2, 4, 3])
    assert both[4] == pytest.approx(3 / length + 1)
    assert both[2] == pytest.approx(2 / length)


@pytest.mark.parametrize("source", ["title", "body"])
def test_terms_may_be_those_of_one_field(source: str) -> None:
    spec = TermsInput.model_validate({"name": "terms", "source": source, "length": 8})
    title = weighted(spec, "robot arm", "moves")
    length = np.linalg.norm([2, 2, 4])
    of_title = {2: 2 / length, 3: 2 / length, ROBOT_ARM: 4 / length}
    expected = {"title": {term: 2 * w for term, w in of_title.items()}, "body": {4: 1.0}}
    assert title == pytest.approx(expected[source])


def test_a_pair_does_not_reach_from_the_title_into_the_body() -> None:
    spec = TermsInput(name="terms", source="text", length=8)
    assert ROBOT_ARM not in weighted(spec, "robot", "arm")


def test_where_too_many_words_are_the_rare_and_often_used_ones_stay() -> None:
    spec = BagInput(name="bag", source="body", length=2)
    assert weighted(spec, "", "the robot moves robot").keys() == {2, 4}


def test_a_sequence_can_keep_unknown_words_and_leave_out_common_ones() -> None:
    spec = SequenceInput(name="x", source="body", length=4, unknown="mark", skip=1)
    (row,) = encode([([], ["the", "zebra", "moves", "the", "robot"])], VOCABULARY, [spec])["x"]
    assert row.tolist() == [UNKNOWN, 4, 2, 0]


@given(
    st.lists(
        st.tuples(*[st.lists(st.sampled_from([*WORDS, "zebra"]), max_size=9)] * 2), max_size=4
    ),
    st.integers(1, 6),
)
def test_a_question_is_encoded_the_same_whatever_stands_beside_it(
    questions: list[tuple[list[str], list[str]]], length: int
) -> None:
    specs: list[Input] = [
        BagInput(name="bag", source="body", length=length),
        TermsInput(name="terms", source="text", length=length),
    ]
    together = encode(questions, VOCABULARY, specs)
    for row, question in enumerate(questions):
        alone = encode([question], VOCABULARY, specs)
        for name, array in together.items():
            np.testing.assert_array_equal(array[row], alone[name][0])
            assert np.isfinite(array).all()


FRONT = SequenceInput(name="front", source="text", length=9, pad="front")
INPUTS: list[Input] = [
    SequenceInput(name="title", source="title", length=9),
    BagInput(name="bag", source="body", length=9),
    FRONT,
]
NAMES = frozenset(name for spec in INPUTS for name in spec.names)


@given(
    st.lists(st.tuples(*[st.lists(st.sampled_from(WORDS), max_size=12)] * 2), max_size=7),
    st.integers(1, 4),
    st.sampled_from([NAMES, frozenset[str](), NAMES - {"bag_weights"}]),
)
@pytest.mark.slow
def test_calls_hold_every_question_and_nothing_but_padding_is_missing(
    questions: list[tuple[list[str], list[str]]], rows: int, any_length: frozenset[str]
) -> None:
    whole = encode(questions, VOCABULARY, INPUTS)
    calls = into_calls(whole, INPUTS, rows=rows, any_length=any_length)
    assert sorted(calls.places.tolist()) == list(range(len(questions)))
    places = iter(calls.places)
    for call in calls.arrays:
        assert len(call["title"]) <= rows
        assert call["bag"].shape == call["bag_weights"].shape
        for row in range(len(call["title"])):
            place = next(places)
            for name, array in call.items():
                length = array.shape[1]
                np.testing.assert_array_equal(array[row], whole[name][place, :length])
                assert not whole[name][place, length:].any()


def test_calls_are_as_short_as_their_questions_where_the_network_takes_any_length() -> None:
    questions = [(["arm"] * size, ["the", "robot"]) for size in (9, 1, 2, 8)]
    whole = encode(questions, VOCABULARY, INPUTS)
    calls = into_calls(whole, INPUTS, rows=2, any_length=NAMES)
    assert [call["title"].shape for call in calls.arrays] == [(2, 4), (2, 9)]
    assert [call["bag"].shape for call in calls.arrays] == [(2, 4), (2, 4)]
    assert {call["front"].shape for call in calls.arrays} == {(2, 9)}  # its words stand at the end
    fixed = into_calls(whole, INPUTS, rows=2, any_length=frozenset())
    assert [call["title"].shape for call in fixed.arrays] == [(2, 9), (2, 9)]
    assert fixed.places.tolist() == [0, 1, 2, 3]
