"""What variants of the network's convolutions are worth in the whole network.

Run: PYTHONPATH=.:benchmarks python benchmarks/models/convolutions.py FILE…
         --folder FOLDER [--variants another-seed labels-beside …] [--slices 0 1 2]
         [--text FILE…]

The article's test part is set aside and never looked at. The rest is cut into five slices; each of
the first three is judged once, and the other four are learned, auxiliary tags and all. Word
embeddings, readers and terms are fitted once a slice and kept in the folder, as is what a variant's
convolutions say of the slice: a variant costs one fitting of the convolutions. Stacking weights are
fitted on one half of the slice and judged on the other. A row a site, slice and variant: nDCG@5,
recall@5 and log loss of the 100 most frequent tags, each with its paired difference from `base` and
that one's 95% interval by the bootstrap, then precision@1 and the fitting's processor time. Beside
the epoch that the slice finds best each fitting keeps the mean of the last three epochs' weights,
which is a variant too. With --text another one, `text-beside`, makes the word embeddings by
co-occurrence from those files' questions too, all parts but terms fitted on them. The folder is to
be deleted where anything but the variants has changed.
"""

import argparse
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from models.conv_variants import VARIANTS, Variant

from core.model.post_processing.calibration import sigmoid
from trainer.compare.sources import file_source
from trainer.data.corpus import Corpus, read_corpus
from trainer.data.dataset import Dataset, DatasetOptions, make_dataset
from trainer.data.splits import Split
from trainer.progress import Epoch, ProgressReporter
from trainer.scoring.metrics import METRICS, Scores
from trainer.systems.branched import branches, graph
from trainer.systems.branched.documents import document_vectors
from trainer.systems.branched.embeddings import (
    SEQUENCE_LENGTH,
    Tables,
    make_tables,
    unit_rows,
    word_sequences,
    word_vectors,
)
from trainer.systems.branched.encoded_dataset import EncodedDataset, Float32Array, prepare
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.stacking import fit_stacking_weights
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.networks.keras_setup import import_keras, make_deterministic

TAGS: Final = 100
SLICES: Final = 5
RESAMPLES: Final = 2000
AVERAGED: Final = 3  # epochs
COMPARED: Final = ("ndcg_at_5", "recall_at_5", "log_loss")


@dataclass(frozen=True, slots=True)
class Slice:
    """One cut of a site's questions, and what the branches beside the convolutions make of it.

    Attributes:
        name: of its files.
        encoded: its questions.
        tables: of words.
        others: what readers and terms say of the slice that is judged, (questions, labels) each.
    """

    name: str
    encoded: EncodedDataset
    tables: Tables
    others: tuple[Float32Array, Float32Array]

    @property
    def tags(self) -> Any:
        """What the slice's questions have, (questions, labels)."""
        encoded = self.encoded
        return encoded.tags[encoded.validation, : encoded.label_count]


@dataclass
class Averaging(ProgressReporter):
    """Takes the mean of a model's weights after each of the last epochs."""

    model: Any
    mean: list[Any] = field(default_factory=list)

    def epoch(self, epoch: Epoch) -> None:
        """Add this one's, where it is one of them."""
        if epoch.number > epoch.of - AVERAGED:
            own = [weight / AVERAGED for weight in self.model.get_weights()]
            before = self.mean or [0.0] * len(own)
            self.mean = [one + other for one, other in zip(before, own, strict=True)]


def main() -> None:
    """Print a row for each site, slice and variant."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=[*VARIANTS])
    parser.add_argument("--slices", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--text", type=Path, nargs="+", default=[], help="of other sites")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    import_keras()
    for file in given.files:
        corpus, others = read(file), [read(other) for other in given.text if other != file]
        for number in given.slices:
            one = cut(corpus, number, given.folder)
            base = judge(one, convolved(one, VARIANTS["base"], given.folder)[0])
            compare(one, base, {name: VARIANTS[name] for name in given.variants}, given.folder)
            if others:
                beside = cut(corpus, number, given.folder, others)
                compare(beside, base, {"text-beside": VARIANTS["base"]}, given.folder)


def read(file: Path) -> Corpus:
    """A file's questions, as the network reads them."""
    source = file_source(file)
    return read_corpus(source.site, source.questions(), BranchedNetwork.text)


def cut(corpus: Corpus, number: int, folder: Path, others: Sequence[Corpus] = ()) -> Slice:
    """One slice of the questions, and all but its convolutions, from the folder or fitted.

    Args:
        corpus: the site's questions.
        number: of the slice.
        folder: where what was fitted is kept.
        others: whose text the embeddings by co-occurrence are made from too.
    """
    whole = make_dataset(corpus, DatasetOptions(top_tags=TAGS))
    rest = np.sort(np.concatenate([whole.split.train, whole.split.validation]))
    slice_of = np.random.default_rng(0).permutation(len(rest)) % SLICES
    parts = Split(rest[slice_of != number], rest[slice_of == number], whole.split.test)
    dataset = replace(whole, split=parts)
    encoded = prepare(dataset, Hyperparameters())
    name = "-".join([f"{corpus.site}-{number}", *(f"text-{other.site}" for other in others)])
    path = folder / f"{name}.npz"
    if not path.exists():
        np.savez(path, **fit_others(dataset, encoded, others))
    with np.load(path) as kept:
        tables = Tables(**{one.name: kept[one.name] for one in fields(Tables)})
        return Slice(name, encoded, tables, (kept["readers"], kept["terms"]))


def fit_others(
    dataset: Dataset, encoded: EncodedDataset, others: Sequence[Corpus]
) -> dict[str, Any]:
    """Word embeddings, and what readers and terms say of the slice that is judged."""
    make_deterministic(import_keras(), 0)
    run = FittingRun(encoded, Hyperparameters(), 0, ProgressReporter(), None)
    tables = make_tables(dataset.corpus, encoded, run.hyperparameters, seed=0)
    if others:
        tables = with_text(tables, encoded, [dataset.corpus, *others])
    learned, judged = branches.first_pass(encoded), encoded.validation
    with document_vectors(encoded, tables) as documents:
        heads = branches.fit_readers(run, documents, learned)
        said = np.mean([head.predict(documents[judged], verbose=0) for head in heads], axis=0)
    terms = branches.fit_terms(run, learned)
    return {
        **{one.name: getattr(tables, one.name) for one in fields(Tables)},
        "readers": said[:, : encoded.label_count],
        "terms": terms.margins(encoded.terms[judged]),
    }


def with_text(tables: Tables, encoded: EncodedDataset, corpora: Sequence[Corpus]) -> Tables:
    """The tables, their embeddings by co-occurrence made from all corpora.

    Of the first corpus, the site's own, only the encoded questions are read.
    """
    rows = [encoded.rows, *(np.arange(len(other)) for other in corpora[1:])]
    texts = [
        text
        for corpus, some in zip(corpora, rows, strict=True)
        for text in word_sequences(corpus, some, encoded.vocabulary)
    ]
    meaning = word_vectors(texts, encoded.word_ids, size=tables.meaning.shape[1], seed=0)
    half = meaning.shape[1] // 2
    halves = [unit_rows(part) for part in (meaning[:, :half], tables.sequence[:, half:])]
    idf = encoded.vocabulary.idf[: encoded.word_ids]
    return replace(
        tables,
        meaning=meaning * idf[:, None] ** 1.5,
        sequence=unit_rows(np.concatenate(halves, axis=1)) * SEQUENCE_LENGTH,
    )


def compare(one: Slice, base: Scores, variants: Mapping[str, Variant], folder: Path) -> None:
    """Print the rows of a slice; differences are from the base's scores of the same questions."""
    for name, variant in variants.items():
        logits, seconds = convolved(one, variant, folder)
        scores = judge(one, logits)
        cells = [describe(scores, base, metric) for metric in COMPARED]
        first = METRICS["precision_at_1"](scores)
        print(
            f"{one.name:11} {name:16} {'   '.join(cells)}   {first:.3f} {seconds:4.0f} s",
            flush=True,
        )


def convolved(one: Slice, variant: Variant, folder: Path) -> tuple[Float32Array, float]:
    """What a variant's convolutions say of the slice, and the processor time of their fitting."""
    described = repr((variant.head.__name__, variant.graph, variant.fit, variant.seed)).encode()
    key = f"{one.name}-{hashlib.sha256(described).hexdigest()[:12]}"
    path = folder / f"{key}.npz"
    if not path.exists():
        began = time.process_time()
        best, averaged = fit_convolutions(one, variant)
        np.savez(path, best=best, averaged=averaged, seconds=time.process_time() - began)
    with np.load(path) as kept:
        return kept["averaged" if variant.averaged else "best"], float(kept["seconds"])


def fit_convolutions(one: Slice, variant: Variant) -> tuple[Float32Array, Float32Array]:
    """Fit a variant's convolutions: logits of the best epoch and of the averaged weights."""
    keras, encoded = import_keras(), one.encoded
    make_deterministic(keras, variant.seed)
    hyperparameters, judged = variant.hyperparameters(), encoded.validation
    trunk = graph.build_trunk(encoded.inputs, one.tables, hyperparameters.graph)
    model = variant.build(trunk, encoded.tags.shape[1])
    reporter = Averaging(model)
    run = FittingRun(encoded, hyperparameters, variant.seed, reporter, None)
    branches.fit_convolutions(run, model, branches.first_pass(encoded))
    inputs = {"title": encoded.title[judged], "body": encoded.body[judged]}
    best = model.predict(inputs, batch_size=256, verbose=0)
    model.set_weights(reporter.mean)
    averaged = model.predict(inputs, batch_size=256, verbose=0)
    return best[:, : encoded.label_count], averaged[:, : encoded.label_count]


def judge(one: Slice, logits: Float32Array) -> Scores:
    """The stacked network, its stacking weights fitted on each half for the other."""
    halves, parts = [slice(0, None, 2), slice(1, None, 2)], (logits, *one.others)
    found = np.zeros(one.tags.shape)
    for learned, judged in (halves, halves[::-1]):
        *weights, shift = fit_stacking_weights([part[learned] for part in parts], one.tags[learned])
        summed = sum(weight * part[judged] for weight, part in zip(weights, parts, strict=True))
        found[judged] = sigmoid(np.asarray(summed + shift, np.float64))
    return Scores(one.tags, found, np.full(found.shape[1], 0.5))


def describe(scores: Scores, base: Scores, metric: str) -> str:
    """A metric, its paired difference from the base's, and the interval of that."""
    own, other = (METRICS[metric].parts(some)[:, 0] for some in (scores, base))
    draws = np.random.default_rng(0).integers(0, len(own), (RESAMPLES, len(own)))
    low, high = np.percentile((own - other)[draws].mean(axis=1), (2.5, 97.5))
    digits = 5 if metric == "log_loss" else 4
    return (
        f"{own.mean():.{digits}f} {own.mean() - other.mean():+.{digits}f} "
        f"({low:+.{digits}f} {high:+.{digits}f})"
    )


if __name__ == "__main__":
    main()
