"""A made-up network of the size that a real site's has: 11,000 words, 31,500 pairs, 100 tags."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core.model.bundle import Bundle, PackedBundle, pack
from core.model.encoding import BagInput, SequenceInput, TermsInput
from core.model.manifest import FORMAT_VERSION, Manifest
from core.model.packed.members import KERAS, TFLITE
from core.model.tokenizer import TextSettings
from core.model.vocabulary import Vocabulary
from tests.processes import ROOT

WORDS, PAIRS, TAGS, SIZE = 11_000, 31_500, 100, 200
KERAS_BYTES = 50_000_000  # of which only the registry takes notice

INPUTS = (
    SequenceInput(name="title", source="title", length=24, unknown="mark"),
    SequenceInput(name="body", source="body", length=80, unknown="mark"),
    BagInput(name="bag", source="body", length=160),
    TermsInput(name="terms", source="text", length=256),
)


def make_network(folder: Path) -> None:
    """Write the network as a `.tflite` file; takes TensorFlow, so in a process of its own."""
    from keras import Model, layers, random

    from trainer.systems.networks.keras_setup import import_keras

    keras = import_keras()
    keras.utils.set_random_seed(0)

    def table(rows: int, width: int) -> Any:
        values = random.normal((rows, width), stddev=0.1)
        return layers.Embedding(rows, width, weights=[values])

    named = {
        name: keras.Input((spec.length,), dtype=kind, name=name)
        for spec in INPUTS
        for name, kind in zip(spec.names, ("int32", "float32"), strict=False)
    }
    words = WORDS + 2
    sequence = table(words, SIZE)
    features = [
        layers.GlobalMaxPooling1D()(
            layers.Conv1D(160, width, padding="same", activation="relu")(sequence(named[field]))
        )
        for field, widths in (("title", (1, 2, 3)), ("body", (1, 2)))
        for width in widths
    ]
    document = layers.Concatenate()(
        [
            layers.GlobalAveragePooling1D()(table(words, SIZE)(named["title"])),
            *(layers.Dot(1)([named["bag_weights"], table(words, SIZE)(named["bag"])]),) * 2,
            layers.Dot(1)([named["bag_weights"], table(words, SIZE)(named["bag"])]),
        ]
    )
    hidden = [layers.Dense(512, activation="gelu")(document) for _ in range(4)]
    terms = table(words + PAIRS, TAGS)(named["terms"])
    logits = layers.Add()(
        [
            *(layers.Dense(TAGS)(part) for part in (layers.Concatenate()(features), *hidden)),
            layers.Dot(1)([named["terms_weights"], terms]),
        ]
    )
    model = Model(named, layers.Activation("sigmoid")(logits))
    model.export(folder / TFLITE, format="litert", verbose=False)


def write_large_network(folder: Path) -> None:
    """Have the network written, and noise for the other file."""
    import subprocess

    command = [sys.executable, "-m", "tests.worker.running.large_model", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (folder / KERAS).write_bytes(np.random.default_rng(0).bytes(KERAS_BYTES))


def large_bundle(folder: Path, site: str) -> Bundle:
    """The bundle of the network in a folder, for a site."""
    rng = np.random.default_rng(0)
    pairs = np.unique(rng.integers(1, WORDS + 1, (PAIRS + 1000, 2)), axis=0)[:PAIRS]
    vocabulary = Vocabulary(
        [f"word{number}" for number in range(WORDS)],
        pairs.astype(np.int32),
        rng.uniform(1, 9, WORDS + PAIRS),
    )
    labels = tuple(f"tag{number}" for number in range(TAGS))
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        site=site,
        architecture="large",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        hyperparameters={},
        labels=labels,
        thresholds=(0.5,) * TAGS,
        text=TextSettings(),
        inputs=INPUTS,
        metrics={},
        data_fingerprint="",
        library_versions={},
    )
    return Bundle(
        manifest=manifest, vocabulary=vocabulary, tflite=folder / TFLITE, keras=folder / KERAS
    )


def pack_versions(bundle: Bundle, folder: Path, count: int) -> Iterator[PackedBundle]:
    """The same network as several versions, one file at a time."""
    for number in range(count):
        manifest = bundle.manifest.model_copy(update={"data_fingerprint": str(number)})
        yield pack(replace(bundle, manifest=manifest), folder / "bundle.zip")


if __name__ == "__main__":
    make_network(Path(sys.argv[1]))
