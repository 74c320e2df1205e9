"""A sentence encoder of a few kilobytes, in ONNX: a vector for each word of a list.

The bytes of the network are written here, by the field numbers of onnx.proto, so that tests need no
package but those that run it.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

UNKNOWN = "[UNK]"
FLOAT, INT64 = 1, 7  # TensorProto.DataType
SIZE = 16

Floats = npt.NDArray[np.float32]


def write_encoder(
    folder: Path,
    words: Sequence[str],
    *,
    vectors: Floats | None = None,
    tokens: str = "input_ids",
    kind: int = INT64,
) -> Path:
    """Write `model.onnx` and `tokenizer.json`, and return their folder.

    Args:
        folder: is made.
        words: that are known; all others are one.
        vectors: of them, (words + 1, dimensions), the unknown one first; drawn by default.
        tokens: the name of the input.
        kind: its type.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if vectors is None:
        drawn = np.random.default_rng(0).normal(size=(len(words) + 1, SIZE))
        vectors = drawn.astype(np.float32)
    (folder / "model.onnx").write_bytes(_model(vectors, tokens, kind))
    vocabulary = {word: number for number, word in enumerate([UNKNOWN, *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, UNKNOWN))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def _model(vectors: Floats, tokens: str, kind: int) -> bytes:
    """ModelProto: one Gather of a table's rows."""
    table = (
        b"".join(_number(1, size) for size in vectors.shape)
        + _number(2, FLOAT)
        + _field(8, b"table")
        + _field(9, vectors.tobytes())
    )
    node = _field(1, b"table") + _field(1, tokens.encode()) + _field(2, b"last_hidden_state")
    graph = (
        _field(1, node + _field(4, b"Gather"))
        + _field(2, b"tiny")
        + _field(5, table)
        + _field(11, _value(tokens, kind, "batch", "sequence"))
        + _field(11, _value("attention_mask", kind, "batch", "sequence"))
        + _field(12, _value("last_hidden_state", FLOAT, "batch", "sequence", "size"))
    )
    return _number(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, 13))


def _value(name: str, kind: int, *dimensions: str) -> bytes:
    """ValueInfoProto."""
    shape = b"".join(_field(1, _field(2, one.encode())) for one in dimensions)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, kind) + _field(2, shape)))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += struct.pack("B", value & 0x7F | 0x80)
        value >>= 7
    return found + struct.pack("B", value)
