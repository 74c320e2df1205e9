"""From questions to sentence vectors."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import TeacherUnusable
from core.model.sentences.encoder import MOST_TOKENS, Encoder
from core.model.sentences.files import find_encoder
from tests.core.model.sentences.tiny_encoder import FLOAT, write_encoder
from tests.processes import environment

VECTORS = np.array([[0, 0, 1], [3, 0, 0], [0, 4, 0]], np.float32)  # unknown, figs, limes


def encoder(folder: Path) -> Encoder:
    return Encoder(find_encoder(str(folder)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "teacher", ["figs", "limes"], vectors=VECTORS)


def test_a_vector_is_the_mean_of_its_tokens_with_the_length_one(folder: Path) -> None:
    loaded = encoder(folder)
    texts = [loaded.tokens("figs limes", "<p>figs</p>limes"), loaded.tokens("figs", "<p>figs</p>")]
    assert texts[0].tolist() == [1, 0, 1, 2]  # a full stop stands behind the title
    np.testing.assert_allclose(
        loaded.encode(texts),
        [[6 / 53**0.5, 4 / 53**0.5, 1 / 53**0.5], [0.9487, 0, 0.3162]],
        atol=1e-3,
    )
    assert loaded.encode([]).shape == (0, 3)


def test_memory_that_was_given_back_is_taken_again_when_something_is_encoded(folder: Path) -> None:
    loaded = encoder(folder)
    texts = [loaded.tokens("figs limes", "")]
    before = loaded.encode(texts)
    loaded.release()
    np.testing.assert_array_equal(loaded.encode(texts), before)


def test_the_first_token_speaks_for_all_where_the_encoder_says_so(folder: Path) -> None:
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}')
    loaded = encoder(folder)
    np.testing.assert_array_equal(loaded.encode([loaded.tokens("limes figs", "")]), [[0, 1, 0]])


def test_a_long_question_is_read_at_its_beginning(folder: Path) -> None:
    loaded = encoder(folder)
    assert len(loaded.tokens("figs", "<p>" + "limes " * 10_000)) == MOST_TOKENS


@pytest.mark.parametrize(
    ("tokens", "kind", "message"),
    [
        ("pixel_values", 7, "takes attention_mask, pixel_values, and a sentence encoder takes"),
        ("input_ids", FLOAT, r"is no network that ONNX Runtime can load|takes tensor\(float\)"),
    ],
)
def test_a_network_that_takes_something_else_is_refused(
    tmp_path: Path, tokens: str, kind: int, message: str
) -> None:
    folder = write_encoder(tmp_path, ["figs"], tokens=tokens, kind=kind)
    with pytest.raises(TeacherUnusable, match=message):
        encoder(folder)


@pytest.mark.parametrize(
    ("file", "message"),
    [("model.onnx", "is no network that ONNX"), ("tokenizer.json", "is no tokenizer")],
)
def test_a_file_that_is_something_else_is_refused_in_one_line(
    folder: Path, file: str, message: str
) -> None:
    (folder / file).write_text("something\nelse")
    with pytest.raises(TeacherUnusable, match=message) as raised:
        encoder(folder)
    assert "\n" not in str(raised.value)


def test_a_tokenizer_with_more_words_than_the_network_is_refused(folder: Path) -> None:
    other = write_encoder(folder.parent / "other", [*"abcdefgh", "How", "do", "I", "learn"])
    (other / "tokenizer.json").replace(folder / "tokenizer.json")
    with pytest.raises(TeacherUnusable, match="cannot encode a sentence"):
        encoder(folder)


def test_an_extra_that_is_missing_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(TeacherUnusable, match=r'onnxruntime.*pip install "\.\[teacher\]"'):
        encoder(folder)


ENCODE = """
import os, sys
from core.model.sentences.encoder import Encoder, preload
from core.model.sentences.files import find_encoder
if "preload" in sys.argv:
    preload()
else:
    loaded = Encoder(find_encoder(sys.argv[1]))
    loaded.encode([loaded.tokens("figs", "")])
assert "onnxruntime" in sys.modules
print(os.environ["ORT_DISABLE_TELEMETRY"])
"""


@pytest.mark.parametrize("preloading", [False, True])
def test_the_runtime_reports_to_nobody(folder: Path, tmp_path: Path, preloading: bool) -> None:
    home = tmp_path / "home"
    home.mkdir()
    unset = ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    env = {name: value for name, value in environment().items() if name not in unset}
    told = subprocess.run(
        [sys.executable, "-c", ENCODE, str(folder), *(["preload"] if preloading else [])],
        env=env | {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "1\n"
    assert [*home.iterdir()] == []  # else a number of this host, and what it reports
