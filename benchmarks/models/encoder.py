"""What a sentence encoder is worth in each branch of the network that reads one when served.

Run: PYTHONPATH=.:benchmarks python benchmarks/models/encoder.py FILE… --teacher ENCODER
         --folder FOLDER [--variants no-encoder nearest-beside …] [--against base]
         [--slices 0 1]

Whole networks that share all but what a variant names: the slices, their word embeddings, readers
of the document vector and convolutions are those of convolutions.py, kept in its folder, as are
sentence vectors and what each branch says of a slice. The folder is to be deleted where anything
but the variants has changed. Stacking weights, calibration and thresholds are fitted on one half of
a slice and judged on the other, as in terms.py. A row a site and variant, the site's slices
together, and one for all sites: each metric's difference from the network as it is, or from the
variant that --against names, and the 95% interval of that by the paired bootstrap.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from models.conv_variants import VARIANTS as CONVOLUTIONS
from models.convolutions import Slice, convolved, cut
from models.terms import COMPARED, Parts, describe, judge_branches

from core.model.post_processing.calibration import logit
from core.model.sentences.reading import SentenceInput
from trainer.compare.sources import file_source, watched
from trainer.data.corpus import read_corpus
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import METRICS
from trainer.systems.branched import branches
from trainer.systems.branched.documents import document_vectors
from trainer.systems.branched.encoded_dataset import EncodedDataset, Float32Array, Matrix
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.hyperparameters import (
    FitHyperparameters,
    GraphHyperparameters,
    Hyperparameters,
)
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.branched.taught.teaching import TeacherInputs
from trainer.systems.branched.terms import fit_term_table
from trainer.systems.networks.keras_setup import import_keras, make_deterministic
from trainer.teacher.teacher import Teacher, open_teacher

NEARNESS: Final = 25.0  # a neighbour counts by e to the power of so many times the cosine
USUAL: Final = 0.05  # share of each label's own frequency in what neighbours say


@dataclass(frozen=True, slots=True)
class ReadingSlice:
    """A slice of questions whose sentence vectors are read.

    Attributes:
        slice: with all that knows no encoder.
        encoded: its questions, the sentence vector among the inputs.
        folder: where what branches say is kept.
    """

    slice: Slice
    encoded: EncodedDataset
    folder: Path

    @property
    def vectors(self) -> npt.NDArray[np.float16]:
        """Of all questions, (questions, dimensions)."""
        return np.asarray(self.encoded.vectors, np.float16)

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """Of the questions that are learned, (questions, labels)."""
        return self.encoded.tags[self.encoded.train, : self.encoded.label_count]


def margins(one: ReadingSlice, columns: Matrix) -> Float32Array:
    """Margins of ridge classifiers over some columns of all questions."""
    learned, judged = columns[one.encoded.train], columns[one.encoded.validation]
    table, bias = fit_term_table(
        learned, one.labels, FitHyperparameters(), seed=0, after_epoch=lambda: None
    )
    return np.asarray(judged @ table + bias, np.float32)


def readers(one: ReadingSlice, **changed: Any) -> Float32Array:
    """The mean of readers of document vector and sentence vector, some hyperparameters changed."""
    make_deterministic(import_keras(), 0)
    encoded, widths = one.encoded, GraphHyperparameters(**changed)
    run = FittingRun(encoded, Hyperparameters(graph=widths), 0, ProgressReporter(), None)
    with document_vectors(encoded, one.slice.tables) as documents:
        both = TeacherInputs(documents, one.vectors)
        heads = branches.fit_readers(run, both, branches.first_pass(encoded))
        said = [head.predict(both[encoded.validation], verbose=0) for head in heads]
    return np.asarray(np.mean(said, axis=0)[:, : encoded.label_count], np.float32)


def nearest(one: ReadingSlice) -> Float32Array:
    """Logits of what the nearest training questions have."""
    vectors = one.vectors.astype(np.float32)
    cosines = vectors[one.encoded.validation] @ vectors[one.encoded.train].T
    weights = np.exp(NEARNESS * (cosines - cosines.max(axis=1, keepdims=True)))
    shares = weights @ one.labels / weights.sum(axis=1, keepdims=True)
    mixed = (1 - USUAL) * shares + USUAL * one.labels.mean(axis=0)
    return np.asarray(logit(mixed.astype(np.float64)), np.float32)


def vectors_alone(one: ReadingSlice) -> Float32Array:
    """Margins of ridge classifiers of the sentence vector alone."""
    return margins(one, sp.csr_matrix(one.vectors.astype(np.float32)))


BRANCHES: Final[Mapping[str, Callable[[ReadingSlice], Float32Array]]] = {
    "convolutions": lambda one: convolved(one.slice, CONVOLUTIONS["base"], one.folder)[0],
    "document-readers": lambda one: one.slice.others[0],
    "readers": readers,
    "readers-8": lambda one: readers(one, readers=8),
    "readers-1024": lambda one: readers(one, hidden=1024),
    "readers-dropout": lambda one: readers(one, document_dropout=0.5),
    "words": lambda one: margins(one, one.encoded.terms),
    "terms": lambda one: margins(one, one.encoded.term_columns(np.arange(len(one.encoded)))),
    "vectors": vectors_alone,
    "nearest": nearest,
}
BASE: Final = ("convolutions", "readers", "terms")
PLAIN: Final = ("convolutions", "document-readers", "words")
VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "terms-of-words": ("convolutions", "readers", "words"),
    "documents-beside": (*BASE, "document-readers"),
    "both": ("convolutions", "readers", "words", "document-readers"),
    "documents-alone": ("convolutions", "document-readers", "terms"),
    "vectors-beside": (*BASE, "vectors"),
    "nearest-beside": (*BASE, "nearest"),
    "readers-8": ("convolutions", "readers-8", "terms"),
    "readers-1024": ("convolutions", "readers-1024", "terms"),
    "readers-dropout": ("convolutions", "readers-dropout", "terms"),
    "no-rivals": BASE,
    "no-encoder": PLAIN,
    "no-encoder-rivals": PLAIN,
}
WITHOUT_RIVALS: Final = ("no-rivals", "no-encoder")


def main() -> None:
    """Print a row for each site and variant, then for all sites."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--teacher", required=True, help="a folder or an installed package")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=[*VARIANTS])
    parser.add_argument("--against", choices=("base", *VARIANTS), default="base")
    parser.add_argument("--slices", type=int, nargs="+", default=[0, 1])
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    import_keras()
    print("site variant", *COMPARED)
    every: dict[str, list[Parts]] = {}
    with open_teacher(given.teacher, given.folder, ProgressReporter()) as teacher:
        if teacher is None:
            parser.error("--teacher names no sentence encoder")
        for file in given.files:
            slices = read_slices(file, given.slices, given.folder, teacher)
            own = {name: judge(slices, name) for name in (given.against, *given.variants)}
            show(slices[0].slice.name.rsplit("-", 1)[0], own, given.against)
            for name, parts in own.items():
                every.setdefault(name, []).append(parts)
    show("all", {name: joined(parts) for name, parts in every.items()}, given.against)


def read_slices(
    file: Path, numbers: list[int], folder: Path, teacher: Teacher
) -> list[ReadingSlice]:
    """Some slices of a file's questions."""
    source, reporter = watched(file_source(file), teacher), ProgressReporter()
    corpus = read_corpus(source.site, source.questions(), BranchedNetwork.text)
    found = []
    for number in numbers:
        one = cut(corpus, number, folder)
        vectors = teacher.vectors(corpus, one.encoded.rows, reporter)
        sentence = SentenceInput(
            name="sentence",
            length=vectors.shape[1],
            encoder=teacher.digest,
            called=teacher.called,
        )
        inputs = (*one.encoded.inputs, sentence)
        encoded = replace(one.encoded, vectors=vectors, inputs=inputs)
        found.append(ReadingSlice(one, encoded, folder))
    return found


def say(one: ReadingSlice, branch: str) -> Float32Array:
    """What a branch says of the slice that is judged, from the folder or fitted."""
    path = one.folder / f"{one.slice.name}-encoder-{branch}.npy"
    if not path.exists():
        np.save(path, BRANCHES[branch](one))
    kept: Float32Array = np.load(path)
    return kept


def judge(slices: list[ReadingSlice], variant: str) -> Parts:
    """What a variant's sum comes to, the slices together."""
    names, rivals = VARIANTS.get(variant, BASE), variant not in WITHOUT_RIVALS
    said = [(one.slice.tags, [say(one, name) for name in names]) for one in slices]
    return joined([judge_branches(tags, branches, rivals=rivals) for tags, branches in said])


def joined(parts: list[Parts]) -> Parts:
    """Those of several groups of questions together."""
    return {metric: np.concatenate([some[metric] for some in parts]) for metric in COMPARED}


def show(site: str, judged: Mapping[str, Parts], against: str) -> None:
    """Print a site's rows, first the figures of what the others are compared with."""
    base = judged[against]
    figures = [f"{METRICS[name].value(base[name].sum(axis=0)):.4f}" for name in COMPARED]
    print(f"{site:9} {against:16} {'   '.join(figures)}", flush=True)
    for name, parts in judged.items():
        if name != against:
            cells = [describe(metric, parts[metric], base[metric]) for metric in COMPARED]
            print(f"{site:9} {name:16} {'   '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
