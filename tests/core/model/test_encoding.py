import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.encoding import SequenceInput, encode
from core.model.vocabulary import PADDING, Vocabulary

VOCABULARY = Vocabulary(["a", "b", "c"])
SPECS = st.builds(
    SequenceInput,
    name=st.just("x"),
    source=st.sampled_from(["title", "body", "text"]),
    length=st.integers(1, 6),
    keep=st.sampled_from(["first", "last"]),
    pad=st.sampled_from(["front", "back"]),
)
WORDS = st.lists(st.sampled_from(["a", "b", "c", "unknown"]), max_size=8)


def encoded(title: str, body: str, **settings: object) -> list[int]:
    spec = SequenceInput.model_validate({"name": "x", "source": "text", "length": 4} | settings)
    return list(encode([(title.split(), body.split())], VOCABULARY, [spec])["x"][0])


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


@given(title=WORDS, body=WORDS, spec=SPECS)
def test_a_row_holds_its_known_words_in_their_order(
    title: list[str], body: list[str], spec: SequenceInput
) -> None:
    source = {"title": title, "body": body, "text": title + body}[spec.source]
    known = [number for number in VOCABULARY.numbers(source) if number != PADDING]
    kept = known[: spec.length] if spec.keep == "first" else known[-spec.length :]
    padding = [PADDING] * (spec.length - len(kept))
    (row,) = encode([(title, body)], VOCABULARY, [spec])["x"]
    assert list(row) == (padding + kept if spec.pad == "front" else kept + padding)
    assert row.dtype == np.int32


def test_no_questions_give_empty_arrays() -> None:
    spec = SequenceInput(name="x", source="text", length=4)
    assert encode([], VOCABULARY, [spec])["x"].shape == (0, 4)
