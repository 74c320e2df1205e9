"""How the network is fitted: each branch to the tags by itself, then their weights in the sum.

Branches fitted together on their sum lean on each other and learn by heart. Once those are
known, the branches are fitted again with the validation part among what they learn from.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import sigmoid
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import Epoch, ProgressReporter
from trainer.systems.branched import fitting_run, graph
from trainer.systems.branched.branches import (
    Pass,
    ReaderInputs,
    Terms,
    expect_tags,
    first_pass,
    fit_convolutions,
    fit_readers,
    fit_terms,
    only_pass,
    part_names,
    refine_convolutions,
    second_pass,
)
from trainer.systems.branched.cross_validation import Logits, predict_out_of_fold
from trainer.systems.branched.documents import DocumentVectors, document_vectors
from trainer.systems.branched.embeddings import make_tables
from trainer.systems.branched.encoded_dataset import EncodedDataset, Float32Array
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.parts.checkpoints import make_key, open_checkpoints
from trainer.systems.branched.stacking import StackingWeights, fit_stacking_weights
from trainer.systems.branched.taught import told_sentences
from trainer.systems.branched.taught.teaching import SoftTags, TeacherInputs
from trainer.systems.networks.batches import Batches

PREDICT_ROWS = 512  # of one call


@dataclass(frozen=True, slots=True)
class Branches:
    """What each branch has learned, before it is weighted in their sum.

    Attributes:
        conv: the head over the convolutions' features.
        readers: the heads over the document vector, and the sentence vector where one is read.
        terms: weights of each term, and their bias.
    """

    conv: keras.Sequential
    readers: tuple[keras.Sequential, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class Fitted:
    """The network, and what it said of the validation part before it learned from that.

    Attributes:
        model: from inputs to probabilities, (questions, labels) in the dataset's order.
        validation_probabilities: probabilities, (validation part, labels) in the dataset's order.
        epochs: of all parts.
        out_of_fold_rows: see Tagger.
        checkpoints: the folder of those that are of no more use, as of a Network.
    """

    model: keras.Model
    validation_probabilities: npt.NDArray[np.float64]
    epochs: tuple[Epoch, ...]
    out_of_fold_rows: Rows | None = None
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
    parts = part_names(hyperparameters.graph.readers, run.teacher_folds, run.folds)
    if run.tells_sentences:
        parts.append(told_sentences.PART)
    finished = checkpoints.count(parts)
    if finished:
        reporter.note(f"Resuming an unfinished run: {finished} of {len(parts)} parts are finished.")
    reporter.stage("making word embeddings from the site's text")
    tables = make_tables(dataset.corpus, encoded, hyperparameters, seed=seed)
    trunk = graph.build_trunk(encoded.inputs, tables, hyperparameters.graph)
    with document_vectors(encoded, tables, checkpoints.folder) as documents:
        reporter.stage(f"fitting readers{'' if run.folds else ', convolutions'} and terms")
        run.advance(fitting_run.TABLES_COST * len(encoded))
        run.estimate.restart()  # tables are no measure of the fitting, which comes now
        _learn_from_teacher(run, documents)
        inputs = _reader_inputs(encoded, documents)
        if run.tells_sentences and encoded.vectors is not None:
            told = told_sentences.tell_sentences(run, encoded.vectors)
            trunk = graph.add_told_sentences(trunk, told.table)
            inputs = TeacherInputs(documents, told.vectors)
        if run.folds:
            fitted = _cross_validate(run, dataset, trunk, inputs)
        else:
            fitted = _fit_and_stack(run, trunk, inputs)
    return fitted if run.stopped else replace(fitted, checkpoints=checkpoints.folder)


def _learn_from_teacher(run: FittingRun, documents: DocumentVectors, suffix: str = "") -> None:
    """Mix what a teacher expects with the tags that readers learn; without one, nothing."""
    encoded = run.encoded
    if run.teacher_folds and encoded.vectors is not None:
        expected = expect_tags(run, TeacherInputs(documents, encoded.vectors), suffix)
        run.targets = SoftTags(encoded.tags, expected, run.hyperparameters.fit.teacher_share)


def _reader_inputs(encoded: EncodedDataset, documents: DocumentVectors) -> ReaderInputs:
    if encoded.vectors is None or not encoded.reads_sentences:
        return documents
    return TeacherInputs(documents, encoded.vectors)


def _fit_and_stack(run: FittingRun, trunk: graph.Trunk, inputs: ReaderInputs) -> Fitted:
    """Fit the branches, their weights in the sum, and the branches again to everything."""
    branches, conv_model = _fit_branches(run, trunk, inputs)
    logits = _validation_logits(run, branches, conv_model, inputs)
    weights = _fit_weights(run, run.encoded.validation, logits)
    if not run.stopped:
        try:
            branches = _fit_again(run, branches, conv_model, inputs)
        except KeyboardInterrupt as interrupt:
            run.stop(interrupt)
    return _fitted(run, _assemble(run, trunk, branches, weights), weights.sum(logits))


def _cross_validate(
    run: FittingRun, dataset: Dataset, trunk: graph.Trunk, inputs: ReaderInputs
) -> Fitted:
    """Fit readers and terms to everything, and their weights in the sum to what they say of folds.

    The convolutions say nothing: from so few questions they learn next to nothing.
    """
    silent, _ = _convolutions(run, trunk)
    _silence(silent)

    def fit_fold(part: FittingRun, documents: DocumentVectors, learned: Pass) -> Logits:
        _learn_from_teacher(part, documents, learned.suffix)
        own = _reader_inputs(part.encoded, documents)
        branches = Branches(silent, *_fit_others(part, own, learned))
        return _validation_logits(part, branches, None, own)

    branches = Branches(silent, *_fit_others(run, inputs, only_pass(run.encoded)))
    rows, logits = predict_out_of_fold(run, dataset, fit_fold)
    weights = _fit_weights(run, rows, logits)
    fitted = _fitted(run, _assemble(run, trunk, branches, weights), weights.sum(logits))
    return replace(fitted, out_of_fold_rows=run.encoded.rows[rows])


def _fitted(run: FittingRun, model: keras.Model, logits: Float32Array) -> Fitted:
    probabilities = sigmoid(np.asarray(logits, np.float64))
    return Fitted(model, probabilities[:, list(run.encoded.label_columns)], tuple(run.epochs))


def _fit_branches(
    run: FittingRun, trunk: graph.Trunk, inputs: ReaderInputs
) -> tuple[Branches, keras.Model]:
    """Fit all of them to the training part."""
    learned = first_pass(run.encoded)
    others = _fit_others(run, inputs, learned)
    conv, model = _convolutions(run, trunk)  # now: first weights are drawn in the order of making
    if run.stopped or not fit_convolutions(run, model, learned):
        _silence(conv)
    return Branches(conv, *others), model


def _convolutions(run: FittingRun, trunk: graph.Trunk) -> tuple[keras.Sequential, keras.Model]:
    """Their head, and the whole of it and them, not fitted."""
    tags = run.encoded.tags.shape[1]
    conv = graph.conv_head(trunk.conv_features.shape[-1], tags, run.hyperparameters.graph)
    words = {name: trunk.inputs[name] for name in ("title", "body")}
    return conv, keras.Model(words, conv(trunk.conv_features))


def _silence(head: keras.Sequential) -> None:
    """Let it say nothing."""
    head.set_weights([np.zeros_like(weight) for weight in head.get_weights()])


def _fit_others(
    run: FittingRun, inputs: ReaderInputs, learned: Pass
) -> tuple[tuple[keras.Sequential, ...], Terms]:
    """Fit readers and terms, from scratch."""
    terms = fit_terms(run, learned)
    return fit_readers(run, inputs, learned), terms


def _fit_again(
    run: FittingRun, branches: Branches, conv_model: keras.Model, inputs: ReaderInputs
) -> Branches:
    """Fit readers and terms to everything; the convolutions see it once more."""
    learned = second_pass(run.encoded)
    again = Branches(branches.conv, *_fit_others(run, inputs, learned))
    before = conv_model.get_weights()
    try:
        refine_convolutions(run, conv_model, learned)
    except KeyboardInterrupt:
        conv_model.set_weights(before)
        raise
    return again


def _validation_logits(
    run: FittingRun, branches: Branches, conv_model: keras.Model | None, inputs: ReaderInputs
) -> Logits:
    """What convolutions, readers and terms (margins) say of the validation part.

    Without a model the convolutions say nothing.
    """
    encoded, rows = run.encoded, run.encoded.validation

    def predict(model: keras.Model, arrays: Any) -> Float32Array:
        batches = Batches(arrays, rows, PREDICT_ROWS).in_order()
        found: Float32Array = model.predict(batches, verbose=0)
        return found[:, : encoded.label_count].copy()

    readers = np.mean([predict(head, inputs) for head in branches.readers], axis=0)
    terms = branches.terms.margins(encoded.term_columns(rows))
    words = {"title": encoded.title, "body": encoded.body}
    conv = np.zeros_like(terms) if conv_model is None else predict(conv_model, words)
    return conv, np.asarray(readers, np.float32), terms


def _fit_weights(run: FittingRun, rows: Rows, logits: Logits) -> StackingWeights:
    """By what branches say of rows that they have not learned, and there by the frequent labels.

    Those are the labels of the terms' table. Rarer ones say little, and there may be hundreds.
    """
    frequent = slice(0, run.hyperparameters.fit.term_labels)
    tags = run.encoded.tags[rows, : run.encoded.label_count]
    found = fit_stacking_weights([branch[:, frequent] for branch in logits], tags[:, frequent])
    return StackingWeights(*found.tolist())


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

    sizes, none = (trunk.document.shape[-1], encoded.label_count), np.zeros_like(shift)
    share = weights.readers / len(branches.readers)
    readers = [
        graph.scale_head(head, graph.reader(*sizes, hyperparameters), share, none)
        for head in branches.readers
    ]
    return graph.assemble(
        trunk, conv, readers, branches.terms.table * weights.terms, encoded.label_columns
    )
