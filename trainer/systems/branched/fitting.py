"""How the network is fitted: each branch to the tags by itself, then their weights in the sum.

Branches fitted together on their sum lean on each other and learn by heart. Once those are
known, the branches are fitted again with the validation part among what they learn from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from core.model.calibration import sigmoid
from trainer.data.dataset import Dataset
from trainer.progress import Epoch, ProgressReporter
from trainer.systems.branched import fitting_run, graph
from trainer.systems.branched.branches import (
    Terms,
    expect_tags,
    first_pass,
    fit_convolutions,
    fit_readers,
    fit_sentence_readers,
    fit_terms,
    part_names,
    refine_convolutions,
    second_pass,
)
from trainer.systems.branched.documents import DocumentVectors, document_vectors
from trainer.systems.branched.embeddings import make_tables
from trainer.systems.branched.encoded_dataset import EncodedDataset, Float32Array
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.parts.batches import Batches
from trainer.systems.branched.parts.checkpoints import make_key, open_checkpoints
from trainer.systems.branched.stacking import fit_stacking_weights
from trainer.systems.branched.teaching import SoftTags, TeacherInputs

PREDICT_ROWS = 512  # of one call

BranchLogits = tuple[Float32Array, ...]
"""Of convolutions, readers, terms (margins) and any sentence readers, (questions, labels) each."""


@dataclass(frozen=True, slots=True)
class Branches:
    """What each branch has learned, before it is weighted in their sum.

    Attributes:
        conv: the head over the convolutions' features.
        readers: the heads over the document vector.
        terms: weights of each term, and their bias.
        sentence_readers: the heads over document and sentence vector; none where none is read.
    """

    conv: keras.Sequential
    readers: tuple[keras.Sequential, ...]
    terms: Terms
    sentence_readers: tuple[keras.Sequential, ...] = ()


@dataclass(frozen=True, slots=True)
class StackingWeights:
    """Of each branch in the sum of their logits.

    Attributes:
        conv: of the convolutions.
        readers: of the readers' mean.
        terms: of the weighted terms.
        sentence_readers: of the sentence readers' mean; 0 where there are none.
        shift: of every logit.
    """

    conv: float
    readers: float
    terms: float
    sentence_readers: float
    shift: float

    def sum(self, logits: BranchLogits) -> Float32Array:
        """Weight the branches' logits and add them: (questions, labels)."""
        conv, readers, terms, *sentence_readers = logits
        added: Float32Array = self.conv * conv + self.readers * readers + self.terms * terms
        for said in sentence_readers:
            added = added + self.sentence_readers * said
        return added + self.shift


@dataclass(frozen=True, slots=True)
class Fitted:
    """The network, and what it said of the validation part before it learned from that.

    Attributes:
        model: from inputs to probabilities, (questions, labels) in the dataset's order.
        validation_probabilities: probabilities, (validation part, labels) in the dataset's order.
        epochs: of all parts.
        checkpoints: the folder of those that are of no more use, as of a Network.
    """

    model: keras.Model
    validation_probabilities: npt.NDArray[np.float64]
    epochs: tuple[Epoch, ...]
    checkpoints: Path | None = None


def fit(
    dataset: Dataset,
    encoded: EncodedDataset,
    hyperparameters: Hyperparameters,
    *,
    most_epochs: int | None,
    seed: int,
    reporter: ProgressReporter,
    resume: Path | None = None,
) -> Fitted:
    """Fit the network.

    Args:
        dataset: what is learned.
        encoded: its questions, encoded.
        hyperparameters: all of them.
        most_epochs: of each part; None leaves them to the hyperparameters.
        seed: equal ones give equal weights.
        reporter: shows the progress.
        resume: a folder for the parts that are finished; a fitting that finds those of an equal
            one that was ended is resumed, to the same weights. None keeps none.

    Raises:
        TrainingError: a loss was a number in no epoch, or there is no room for document vectors.
        KeyboardInterrupt: before there was anything to keep.
    """
    key = make_key(dataset, encoded, hyperparameters, seed=seed, most_epochs=most_epochs)
    checkpoints = open_checkpoints(resume, key, note=reporter.note)
    run = FittingRun(encoded, hyperparameters, seed, reporter, most_epochs, checkpoints)
    parts = part_names(hyperparameters.graph.readers, run.teacher_folds, run.sentence_readers)
    finished = checkpoints.count(parts)
    if finished:
        reporter.note(f"Resuming an unfinished run: {finished} of {len(parts)} parts are finished.")
    reporter.stage("making word embeddings from the site's text")
    tables = make_tables(dataset.corpus, encoded, hyperparameters, seed=seed)
    trunk = graph.build_trunk(encoded.inputs, tables, hyperparameters.graph)
    with document_vectors(encoded, tables, checkpoints.folder) as documents:
        reporter.stage("fitting readers, terms and convolutions")
        run.advance(fitting_run.TABLES_COST * len(encoded))
        run.estimate.restart()  # tables are no measure of the fitting, which comes now
        _learn_from_teacher(run, documents)
        fitted = _fit_and_stack(run, trunk, documents)
    return fitted if run.stopped else replace(fitted, checkpoints=checkpoints.folder)


def _learn_from_teacher(run: FittingRun, documents: DocumentVectors) -> None:
    """Mix what a teacher expects with the tags that the branches learn; without one, nothing."""
    encoded = run.encoded
    if encoded.vectors is not None:
        expected = expect_tags(run, TeacherInputs(documents, encoded.vectors))
        run.targets = SoftTags(encoded.tags, expected, run.hyperparameters.fit.teacher_share)


def _fit_and_stack(run: FittingRun, trunk: graph.Trunk, documents: DocumentVectors) -> Fitted:
    """Fit the branches, their weights in the sum, and the branches again to everything."""
    branches, conv_model = _fit_branches(run, trunk, documents)
    logits = _validation_logits(run, branches, conv_model, documents)
    weights = _fit_weights(run, logits)
    validation_probabilities = sigmoid(np.asarray(weights.sum(logits), np.float64))
    if not run.stopped:
        try:
            branches = _fit_again(run, branches, conv_model, documents)
        except KeyboardInterrupt:
            run.stop()
    return Fitted(
        _assemble(run, trunk, branches, weights),
        validation_probabilities[:, list(run.encoded.label_columns)],
        tuple(run.epochs),
    )


def _fit_branches(
    run: FittingRun, trunk: graph.Trunk, documents: DocumentVectors
) -> tuple[Branches, keras.Model]:
    """Fit all of them to the training part."""
    learned = first_pass(run.encoded)
    terms = fit_terms(run, learned)
    readers = fit_readers(run, documents, learned)
    sentence_readers = () if run.stopped else fit_sentence_readers(run, documents, learned)
    tags = run.encoded.tags.shape[1]
    conv = graph.conv_head(trunk.conv_features.shape[-1], tags, run.hyperparameters.graph)
    inputs = {name: trunk.inputs[name] for name in ("title", "body")}
    model = keras.Model(inputs, conv(trunk.conv_features))
    if run.stopped or not fit_convolutions(run, model, learned):
        conv.set_weights([np.zeros_like(weight) for weight in conv.get_weights()])  # says nothing
    return Branches(conv, readers, terms, sentence_readers), model


def _fit_again(
    run: FittingRun, branches: Branches, conv_model: keras.Model, documents: DocumentVectors
) -> Branches:
    """Fit readers and terms to everything, from scratch; the convolutions see it once more."""
    learned = second_pass(run.encoded)
    readers = fit_readers(run, documents, learned)
    sentence_readers = fit_sentence_readers(run, documents, learned)
    terms = fit_terms(run, learned)
    before = conv_model.get_weights()
    try:
        refine_convolutions(run, conv_model, learned)
    except KeyboardInterrupt:
        conv_model.set_weights(before)
        raise
    return Branches(branches.conv, readers, terms, sentence_readers)


def _validation_logits(
    run: FittingRun, branches: Branches, conv_model: keras.Model, documents: DocumentVectors
) -> BranchLogits:
    """What the branches say of the validation part."""
    encoded, rows = run.encoded, run.encoded.validation

    def predict(model: keras.Model, arrays: Any) -> Float32Array:
        batches = Batches(arrays, rows, PREDICT_ROWS).in_order()
        found: Float32Array = model.predict(batches, verbose=0)
        return found[:, : encoded.label_count].copy()

    conv = predict(conv_model, {"title": encoded.title, "body": encoded.body})

    def predict_mean(heads: Sequence[keras.Sequential], vectors: Any) -> Float32Array:
        return np.asarray(np.mean([predict(head, vectors) for head in heads], axis=0), np.float32)

    readers = predict_mean(branches.readers, documents)
    terms = branches.terms.margins(encoded.terms[rows])
    if not branches.sentence_readers or encoded.vectors is None:
        return conv, readers, terms
    both = TeacherInputs(documents, encoded.vectors)
    return conv, readers, terms, predict_mean(branches.sentence_readers, both)


def _fit_weights(run: FittingRun, logits: BranchLogits) -> StackingWeights:
    """By the validation part, and there by the labels of the terms' table.

    Rarer ones say little, and there may be hundreds.
    """
    frequent = slice(0, run.hyperparameters.fit.term_labels)
    tags = run.encoded.tags[run.encoded.validation, : run.encoded.label_count]
    found = fit_stacking_weights([branch[:, frequent] for branch in logits], tags[:, frequent])
    conv, readers, terms, *said, shift = found.tolist()
    return StackingWeights(conv, readers, terms, sum(said), shift)


def _assemble(
    run: FittingRun, trunk: graph.Trunk, branches: Branches, weights: StackingWeights
) -> keras.Model:
    """The graph that is served: the labels alone, stacking weights and shift folded in."""
    hyperparameters, encoded = run.hyperparameters.graph, run.encoded
    width = trunk.conv_features.shape[-1]
    shift = branches.terms.bias * weights.terms + weights.shift
    conv = graph.scale_head(
        branches.conv,
        graph.conv_head(width, encoded.label_count, hyperparameters),
        weights.conv,
        shift,
    )

    def scaled(heads: Sequence[keras.Sequential], vector: Any, weight: float) -> list[Any]:
        sizes, none = (vector.shape[-1], encoded.label_count), np.zeros_like(shift)
        return [
            graph.scale_head(head, graph.reader(*sizes, hyperparameters), weight / len(heads), none)
            for head in heads
        ]

    said = branches.sentence_readers
    return graph.assemble(
        trunk,
        conv,
        scaled(branches.readers, trunk.document, weights.readers),
        branches.terms.table * weights.terms,
        encoded.label_columns,
        scaled(said, trunk.sentence, weights.sentence_readers) if said else (),
    )
