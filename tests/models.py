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
from core.model.tokenizer import TextSettings
from core.model.vocabulary import Vocabulary

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
