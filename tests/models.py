"""A network whose every prediction can be said beforehand: a word stands for a tag."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.model.bundle import Bundle, pack
from core.model.encoding import SequenceInput
from core.model.manifest import FORMAT_VERSION, Manifest
from core.model.sentences.reading import SentenceInput
from core.model.tokenizer import TextSettings
from core.model.vocabulary import Vocabulary
from tests.core.model.sentences.tiny_encoder import SIZE, write_encoder

DATA = Path(__file__).parent / "data"

LABELS = ("anova", "bayesian", "c++", "regression", "t-test", "time-series")
KNOWN_LOGIT = 4.0  # of a tag whose word stands in the text; the others have its negative
LENGTH = 16


# The network in both forms: a tag's probability is .98 where its word stands.
KERAS, TFLITE = DATA / "words.keras", DATA / "words.tflite"


def build_word_network(folder: Path) -> None:
    """Make the two files anew; kept in the repository, since TensorFlow takes its time for it."""
    import keras

    rows = np.full((len(LABELS) + 1, len(LABELS)), -KNOWN_LOGIT, np.float32)
    rows[1:][np.eye(len(LABELS), dtype=bool)] = KNOWN_LOGIT
    network = keras.Sequential(
        [
            keras.layers.Input((LENGTH,), dtype="int32", name="text"),
            keras.layers.Embedding(*rows.shape, weights=[rows]),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Activation("sigmoid"),
        ]
    )
    network.save(folder / "words.keras")
    network.export(folder / "words.tflite", format="litert", verbose=False)


# The same, but a sentence vector's first numbers raise the tags' logits by so much.
SENTENCE_LOGIT = 10.0
WITH_SENTENCE = DATA / "sentences.keras", DATA / "sentences.tflite"


def build_sentence_network(folder: Path) -> None:
    """Make its two files anew."""
    import keras

    rows = np.full((len(LABELS) + 1, len(LABELS)), -KNOWN_LOGIT, np.float32)
    rows[1:][np.eye(len(LABELS), dtype=bool)] = KNOWN_LOGIT
    kernel = SENTENCE_LOGIT * np.eye(SIZE, len(LABELS), dtype=np.float32)
    text = keras.layers.Input((LENGTH,), dtype="int32", name="text")
    sentence = keras.layers.Input((SIZE,), name="sentence")
    words = keras.layers.GlobalMaxPooling1D()(
        keras.layers.Embedding(*rows.shape, weights=[rows])(text)
    )
    said = keras.layers.Dense(len(LABELS), use_bias=False)
    logits = keras.layers.Add()([words, said(sentence)])
    said.set_weights([kernel])
    network = keras.Model(
        {"text": text, "sentence": sentence}, keras.layers.Activation("sigmoid")(logits)
    )
    network.save(folder / "sentences.keras")
    network.export(folder / "sentences.tflite", format="litert", verbose=False)


def word_manifest(site: str = "stats", **changes: object) -> Manifest:
    """The manifest of the word network."""
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        site=site,
        architecture="words",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        hyperparameters={},
        labels=LABELS,
        thresholds=(0.5,) * len(LABELS),
        text=TextSettings(),
        inputs=(SequenceInput(name="text", source="text", length=LENGTH),),
        metrics={},
        data_fingerprint="",
        library_versions={},
    )
    return manifest.model_copy(update=changes)


def word_bundle(site: str = "stats", **changes: object) -> Bundle:
    """A bundle of the word network."""
    manifest = word_manifest(site, **changes)
    return Bundle(manifest=manifest, vocabulary=Vocabulary(LABELS), tflite=TFLITE, keras=KERAS)


def sentence_bundle(encoder: str = "0" * 64, site: str = "stats", **changes: object) -> Bundle:
    """A bundle of the network that reads an encoder's sentence vector, too."""
    words = SequenceInput(name="text", source="text", length=LENGTH)
    sentence = SentenceInput(name="sentence", length=SIZE, encoder=encoder, called="tiny")
    manifest = word_manifest(
        site, format_version=FORMAT_VERSION, inputs=(words, sentence), **changes
    )
    keras, tflite = WITH_SENTENCE
    return Bundle(manifest=manifest, vocabulary=Vocabulary(LABELS), tflite=tflite, keras=keras)


def write_telling_encoder(folder: Path) -> Path:
    """An encoder whose every word is a tag's name, and makes a vector of that tag alone."""
    vectors = np.eye(len(LABELS) + 1, SIZE, k=-1, dtype=np.float32)
    vectors[0, -1] = 1  # a word that it does not know says nothing of any tag
    return write_encoder(folder, [f"about-{label}" for label in LABELS], vectors=vectors)


def pack_bytes(bundle: Bundle) -> bytes:
    """A bundle's zip."""
    with TemporaryDirectory() as folder:
        return pack(bundle, Path(folder) / "bundle.zip").path.read_bytes()


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip of any members, sealed with its SHA-256 as bundles are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = bytes(64)
        for name, data in members.items():
            archive.writestr(name, data)
    rest = buffer.getvalue()[:-64]
    return rest + hashlib.sha256(rest).hexdigest().encode()


def unzipped(data: bytes) -> dict[str, bytes]:
    """The members of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
