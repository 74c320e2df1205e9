"""A network whose every prediction can be said beforehand: a word stands for a tag."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.model.bundle import FORMAT_VERSION, Bundle, Manifest
from core.model.encoding import SequenceInput, Vocabulary
from core.model.tokenizer import TextSettings

DATA = Path(__file__).parent / "data"

LABELS = ("anova", "bayesian", "c++", "regression", "t-test", "time-series")
KNOWN_LOGIT = 4.0  # of a tag whose word stands in the text; the others have its negative
LENGTH = 16


def word_network() -> tuple[bytes, bytes]:
    """The network as .keras and as .tflite: a tag's probability is .98 where its word stands."""
    return (DATA / "words.keras").read_bytes(), (DATA / "words.tflite").read_bytes()


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
    kept, exported = word_network()
    return Bundle(word_manifest(site, **changes), Vocabulary(LABELS), kept, exported)


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
