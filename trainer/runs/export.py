"""From a fitted network to a bundle that workers can run, and proof that it runs the same there."""

import errno
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core import __version__
from core.errors import TrainingError
from core.model.bundle import Bundle
from core.model.manifest import Manifest, Sample, written_format
from core.model.packed.members import KERAS, TFLITE
from core.model.predictor import Model
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.systems.networks.keras_setup import quiet_streams
from trainer.systems.networks.network import Network, NetworkSystem

MAX_DIFFERENCE: Final = 1e-5  # between Keras and LiteRT, in probability
CHECKED_ROWS: Final = 256
SAMPLE_TEXTS: Final = 4
_PACKAGES: Final = ("keras", "tensorflow", "scikit-learn", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a bundle's manifest says beside what the network itself knows."""

    created_at: datetime
    thresholds: npt.NDArray[np.float64]
    metrics: dict[str, float | int | str]
    hyperparameters: dict[str, Any]


@contextmanager
def room_in(folder: Path, *, resumes: bool) -> Iterator[None]:
    """Write files into a folder, of whose disk all who write say in their own ways that it is full.

    Args:
        folder: where they are written.
        resumes: whether the next training begins with what this one has fitted.

    Raises:
        TrainingError: it is.
    """
    try:
        yield
    except Exception as error:
        if os.strerror(errno.ENOSPC) not in str(error):
            raise
        kept = " The next training on the same questions goes on from here." if resumes else ""
        raise TrainingError(
            f"There is no room for the model in {folder}: make some, or set TMPDIR to a folder "
            f"with more.{kept}"
        ) from error


def make_bundle(
    network: Network,
    system: NetworkSystem,
    dataset: Dataset,
    description: Description,
    folder: Path,
) -> Bundle:
    """Export a network in both formats into a folder, and check the one against the other.

    Raises:
        TrainingError: LiteRT's probabilities differ from Keras' by more than MAX_DIFFERENCE.
    """
    manifest = _describe(network, system, dataset, description)
    keras, tflite = export(network.keras, folder)
    bundle = Bundle(manifest=manifest, vocabulary=network.vocabulary, tflite=tflite, keras=keras)
    check(bundle, network, dataset, dataset.split.validation[:CHECKED_ROWS])
    return _with_sample(bundle)


def _describe(
    network: Network, system: NetworkSystem, dataset: Dataset, description: Description
) -> Manifest:
    return Manifest(
        format_version=written_format(network.inputs, network.rivals),
        site=dataset.corpus.site,
        architecture=system.name,
        created_at=description.created_at,
        hyperparameters=description.hyperparameters,
        labels=dataset.labels,
        thresholds=tuple(description.thresholds.tolist()),
        text=network.text,
        inputs=network.inputs,
        names=None if network.names is None else network.names.weights,
        rivals=network.rivals,
        calibration=network.calibration,
        metrics=description.metrics,
        data_fingerprint=dataset.corpus.fingerprint,
        learned_until=dataset.corpus.seen().until,
        library_versions={
            "question-tagger": __version__,
            **{package: version(package) for package in _PACKAGES},
        },
    )


def export(model: Any, folder: Path) -> tuple[Path, Path]:
    """Write a Keras model as a `.keras` file and as a `.tflite` file; return their paths."""
    keras, tflite = folder / KERAS, folder / TFLITE
    model.save(keras)
    with quiet_streams():
        model.export(tflite, format="litert", verbose=False)
    return keras, tflite


def check(bundle: Bundle, network: Network, dataset: Dataset, rows: Rows) -> None:
    """Compare LiteRT's probabilities with Keras' on rows of a corpus.

    Raises:
        TrainingError: they differ by more than MAX_DIFFERENCE.
    """
    lexicon, titles, bodies = dataset.corpus.lexicon, dataset.corpus.titles, dataset.corpus.bodies
    words = [
        ([lexicon[word] for word in titles[row]], [lexicon[word] for word in bodies[row]])
        for row in rows
    ]
    given, model = network.encode(dataset.corpus, rows), Model(bundle, encoders=None)
    sentence = bundle.manifest.sentence
    served = model.run(model.encode(words, given[sentence.name] if sentence else None))
    difference = float(np.abs(served - network.probabilities(dataset.corpus, rows)).max())
    if not difference <= MAX_DIFFERENCE:
        raise TrainingError(
            f"The exported network is not the trained one: its probabilities differ by up to "
            f"{difference:.1e}, and {MAX_DIFFERENCE:.0e} is allowed. It is not published."
        )


def _with_sample(bundle: Bundle) -> Bundle:
    """Add texts and their probabilities, by which every worker checks what it has loaded.

    The texts are words of the vocabulary drawn at random: a bundle carries nobody's question.
    """
    model = Model(bundle, encoders=None)  # a sample has no sentence vector of its own
    texts = list(_sample_texts(bundle.vocabulary.words))
    found = model.probabilities([model.words(title, body) for title, body in texts])
    sample = tuple(
        Sample(title=title, body=body, probabilities=tuple(row))
        for (title, body), row in zip(texts, found.tolist(), strict=True)
    )
    manifest = bundle.manifest.model_copy(update={"sample": sample})
    return replace(bundle, manifest=manifest)


def _sample_texts(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    dice = random.Random(0)  # noqa: S311 (no secret)
    yield "", ""
    for _ in range(SAMPLE_TEXTS - 1):
        title, body, code = (" ".join(dice.choices(words, k=k)) for k in (8, 60, 6))
        yield title, f"<p>{body}</p>\n<pre><code>{code}</code></pre>"
