"""The sentence encoder that is here, or why a model that reads one is refused."""

import sys
from pathlib import Path

import pytest

from core.errors import BundleCorrupt, EncoderMissing
from core.model.sentences.encoders import NO_ENCODER, Encoders
from core.model.sentences.files import find_encoder
from core.model.sentences.reading import SentenceInput
from tests.core.model.sentences.tiny_encoder import SIZE, write_encoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "tiny", ["figs", "limes"])


def wanted(digest: str, length: int = SIZE) -> SentenceInput:
    return SentenceInput(name="sentence", length=length, encoder=digest, called="tiny")


def test_the_one_that_a_model_reads_is_loaded_once(folder: Path) -> None:
    encoders = Encoders(str(folder))
    one = wanted(find_encoder(str(folder)).digest)
    encoders.check(one)
    assert encoders.get(one) is encoders.get(one)
    assert encoders.get(one).called == "tiny"


def test_vectors_of_another_size_are_refused(folder: Path) -> None:
    with pytest.raises(BundleCorrupt, match=f"of 5 numbers, and its encoder's have {SIZE}"):
        Encoders(str(folder)).get(wanted(find_encoder(str(folder)).digest, length=5))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (None, "TAGGER_TEACHER names none here. Set TAGGER_TEACHER to that encoder wherever"),
        ("/not/there", "cannot be used here. TAGGER_TEACHER: there is no folder /not/there."),
    ],
)
def test_without_it_one_line_says_what_is_missing_and_what_to_do(
    named: str | None, message: str
) -> None:
    with pytest.raises(EncoderMissing, match=message) as raised:
        Encoders(named).get(wanted("a" * 64))
    assert str(raised.value).startswith("The model reads the sentence encoder tiny (aaaaaaaaaaaa)")
    assert "\n" not in str(raised.value)


def test_another_one_is_named_beside_the_one_that_is_read(folder: Path) -> None:
    with pytest.raises(EncoderMissing, match=f"names another one here, {folder} "):
        Encoders(str(folder)).check(wanted("b" * 64))


def test_packages_that_are_missing_refuse_the_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = wanted(find_encoder(str(folder)).digest)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EncoderMissing, match=r'onnxruntime.*pip install "\.\[teacher\]"'):
        Encoders(str(folder)).get(one)


def test_where_there_is_none_every_such_model_is_refused() -> None:
    with pytest.raises(EncoderMissing):
        NO_ENCODER.check(wanted("c" * 64))
