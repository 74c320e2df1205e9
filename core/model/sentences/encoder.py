"""From a question's text to its sentence vector, by a network in ONNX."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.errors import TeacherUnusable
from core.model.sentences.files import SETTING, EncoderFiles
from core.model.sentences.reading import TokenIds, Vectors
from core.model.tokenizer import TextSettings, html_to_text

MOST_TOKENS: Final = 256  # of a question: what it is about stands at its beginning
MOST_CHARACTERS: Final = 4_000  # that are cut into tokens; more than so many tokens have
BODY_CHARACTERS: Final = 20_000  # of HTML
_TEXT: Final = TextSettings(code="start", inline="join")
_PACKAGES: Final = ("onnxruntime", "tokenizers")  # of the extra `teacher`
# To be set before the runtime is imported: it would report its use to Microsoft.
_QUIET: Final = {"ORT_DISABLE_TELEMETRY": "1"}
_INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")
_KINDS: Final = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}


class Encoder:
    """A sentence encoder, loaded.

    A text is read by itself, never filled up beside longer ones, so that its vector depends on
    nothing else: networks of 8 bits scale their numbers by all that stands in a call.

    Attributes:
        digest: of the encoder; equal ones make equal vectors.
        called: its folder or package, for people.
        size: dimensions of a vector.
    """

    def __init__(self, files: EncoderFiles, *, threads: int | None = None) -> None:
        """Load it, and try it on a sentence.

        Args:
            files: its files.
            threads: by which texts are encoded; None is one a processor.

        Raises:
            TeacherUnusable: its packages are not installed, a file cannot be read, or it is not a
                network from tokens to vectors.
        """
        self._files = files
        self._threads = threads or os.cpu_count() or 1
        self.digest, self.called = files.digest, files.called
        self._runtime, tokenizers = _import_packages()
        self._tokenizer = _load_tokenizer(files, tokenizers)
        self._session = _load_network(files, self._runtime)
        self._kinds = self._check_inputs()
        self._output = self._choose_output()
        self.size = self._try()

    def tokens(self, title: str, body: str) -> TokenIds:
        """Return the ids of a question's first tokens: title (plain text), then body (HTML)."""
        text = f"{title}. {html_to_text(body[:BODY_CHARACTERS], _TEXT)}"
        return np.array(self._tokenizer.encode(text[:MOST_CHARACTERS]).ids, np.int32)

    def encode(self, texts: Sequence[TokenIds]) -> Vectors:
        """Return a unit vector for each text, (texts, size)."""
        if self._session is None:
            self._session = _load_network(self._files, self._runtime)
        with ThreadPoolExecutor(self._threads) as threads:
            return _stacked(threads.map(self._vector, texts), self.size)

    def release(self) -> None:
        """Give the network's memory back, until something is encoded again."""
        self._session = None

    def _vector(self, ids: TokenIds) -> npt.NDArray[np.float32]:
        """The vector of one text."""
        filled = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        given = {
            name: filled.get(name, np.zeros_like(ids))[None].astype(kind)
            for name, kind in self._kinds.items()
        }
        found = np.asarray(self._session.run([self._output], given)[0][0], np.float32)
        if found.ndim == 2:  # a vector for each token
            found = found[0] if self._files.pools_first_token else found.mean(axis=0)
        length = float(np.linalg.norm(found))
        if not np.isfinite(length):  # as of a text without a token: it says nothing
            return np.zeros_like(found)
        unit: npt.NDArray[np.float32] = found / max(length, 1e-9)
        return unit

    def _choose_output(self) -> str:
        """What says a text's vector, where the network pools by itself; or its first output."""
        names = [output.name for output in self._session.get_outputs()]
        return "sentence_embedding" if "sentence_embedding" in names else str(names[0])

    def _check_inputs(self) -> dict[str, Any]:
        """Types of the inputs by name."""
        inputs = {one.name: one.type for one in self._session.get_inputs()}
        if "input_ids" not in inputs or inputs.keys() - set(_INPUTS):
            raise TeacherUnusable(
                f"{SETTING}: {self._files.model} takes {', '.join(sorted(inputs))}, and a sentence "
                f"encoder takes {', '.join(_INPUTS)}."
            )
        if odd := sorted({*inputs.values()} - _KINDS.keys()):
            raise TeacherUnusable(
                f"{SETTING}: {self._files.model} takes {odd[0]}, and tokens are whole numbers."
            )
        return {name: _KINDS[kind] for name, kind in inputs.items()}

    def _try(self) -> int:
        """Encode a sentence, and return the dimensions."""
        try:
            vector = self._vector(self.tokens("How do I learn this?", ""))
        except Exception as error:  # whatever the runtime raises
            raise TeacherUnusable(
                f"{SETTING}: {self._files.model} cannot encode a sentence: {_first_line(error)}"
            ) from error
        if vector.ndim != 1 or vector.size < 2 or not vector.any():
            raise TeacherUnusable(
                f"{SETTING}: {self._files.model} makes no vector of a sentence; its first output "
                "must be (texts, tokens, dimensions) or (texts, dimensions)."
            )
        return vector.size


def _stacked(vectors: Iterable[npt.NDArray[np.float32]], size: int) -> Vectors:
    found = [vector.astype(np.float16) for vector in vectors]
    return np.stack(found) if found else np.zeros((0, size), np.float16)


def check_packages() -> None:
    """Look for the packages that encode, which takes no time.

    Raises:
        TeacherUnusable: some of them are not here.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise _not_installed(", ".join(missing))


def preload() -> None:
    """Import what an encoder needs, where it is installed; a module of C++ takes its time."""
    with suppress(TeacherUnusable):  # which is told where an encoder is loaded
        _import_packages()


def _not_installed(missing: str) -> TeacherUnusable:
    return TeacherUnusable(
        f"{SETTING}: a sentence encoder needs packages that are not installed here ({missing}).",
        'Install them in the checkout with: pip install ".[teacher]"',
    )


def _import_packages() -> tuple[Any, Any]:
    """The runtime, silent, and the tokenizers; nothing else imports them."""
    os.environ.update(_QUIET)
    try:
        import onnxruntime  # noqa: PLC0415 (they are an extra)
        import tokenizers  # noqa: PLC0415
    except ImportError as error:
        raise _not_installed(str(error.name)) from error
    return onnxruntime, tokenizers


def _load_tokenizer(files: EncoderFiles, tokenizers: Any) -> Any:
    """Its own limit of tokens holds, where it is the lower one."""
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(files.tokenizer))
    except Exception as error:  # the library raises nothing narrower
        raise TeacherUnusable(
            f"{SETTING}: {files.tokenizer} is no tokenizer: {_first_line(error)}"
        ) from error
    limit = (tokenizer.truncation or {}).get("max_length", MOST_TOKENS)
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(limit, MOST_TOKENS))
    return tokenizer


def _load_network(files: EncoderFiles, runtime: Any) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # texts run beside each other
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(
            str(files.model), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # the runtime's own errors share no other base
        raise TeacherUnusable(
            f"{SETTING}: {files.model} is no network that ONNX Runtime can load: "
            f"{_first_line(error)}"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
