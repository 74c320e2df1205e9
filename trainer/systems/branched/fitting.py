"""How the network is fitted: each branch to the tags by itself, then their shares in the sum.

Branches fitted together on their sum lean on each other and learn by heart. Once the shares are
known, the branches are fitted again with the validation part among what they learn from.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from trainer.progress import Epoch, Watch
from trainer.splits import Rows
from trainer.systems.base import Task
from trainer.systems.branched import graph, pace
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.material import Floats, Material
from trainer.systems.branched.parts import (
    AfterEpoch,
    Run,
    compile_part,
    count_steps,
    drop_words,
    fit_part,
    make_batches,
)
from trainer.systems.branched.shares import fit_shares
from trainer.systems.branched.tables import document_vectors, make_tables
from trainer.systems.branched.terms import fit_terms, logit_of_share

PREDICT_ROWS = 512  # of one call


@dataclass(frozen=True, slots=True)
class Branches:
    """What each branch has learned; logits of all tags, before any share.

    Attributes:
        conv: the head over the convolutions' features.
        readers: the heads over the document vector.
        terms: logits of each term, (ids, the first labels).
        bias: of the terms, (labels,).
    """

    conv: keras.Sequential
    readers: tuple[keras.Sequential, ...]
    terms: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Fitted:
    """The network, and what it said of the validation part before it learned from that.

    Attributes:
        model: from inputs to probabilities, (questions, labels) in the task's order.
        held_out: probabilities, (validation part, labels) in the task's order.
        epochs: of all parts.
    """

    model: keras.Model
    held_out: npt.NDArray[np.float64]
    epochs: tuple[Epoch, ...]


def fit(
    task: Task,
    material: Material,
    how: Hyperparameters,
    *,
    most_epochs: int | None,
    seed: int,
    watch: Watch,
) -> Fitted:
    """Fit the network.

    Raises:
        TrainingError: a loss was a number in no epoch.
        KeyboardInterrupt: before there was anything to keep.
    """
    run = Run(material, how, seed, watch, most_epochs)
    watch.stage("making word embeddings from the site's text")
    tables = make_tables(task.corpus, material, how, seed=seed)
    trunk = graph.build_trunk(material.inputs, tables, how.graph)
    documents = document_vectors(material, tables)
    watch.stage("fitting readers, terms and convolutions")
    run.advance(pace.TABLES * len(material))

    branches, conv_model = _fit_branches(run, trunk, documents)
    logits = _held_out_logits(run, branches, conv_model, documents)
    first = slice(0, how.fit.term_labels)  # rarer labels say little, and there may be hundreds
    tags = material.tags[material.validation, : material.labels]
    shares = fit_shares([branch[:, first] for branch in logits], tags[:, first])
    mixed = sum(share * branch for share, branch in zip(shares, logits, strict=False)) + shares[-1]
    held_out = 1 / (1 + np.exp(-np.asarray(mixed, np.float64)))

    if not run.stopped:
        try:
            branches = _fit_again(run, branches, conv_model, documents)
        except KeyboardInterrupt:
            run.stop()
    model = _assemble(run, trunk, branches, shares)
    return Fitted(model, held_out[:, list(material.places)], tuple(run.epochs))


def _fit_branches(run: Run, trunk: graph.Trunk, documents: Floats) -> tuple[Branches, keras.Model]:
    """Fit all three to the training part."""
    train, validation = run.material.train, run.material.validation
    terms, bias = _fit_terms(run, train)
    readers = _fit_readers(run, documents, train, validation)
    tags = run.material.tags.shape[1]
    conv = graph.conv_head(trunk.conv_features.shape[-1], tags, run.how.graph)
    inputs = {name: trunk.inputs[name] for name in ("title", "body")}
    model = keras.Model(inputs, conv(trunk.conv_features))
    if run.stopped or not _fit_convolutions(run, model):
        conv.set_weights([np.zeros_like(weight) for weight in conv.get_weights()])  # says nothing
    return Branches(conv, readers, terms, bias), model


def _fit_again(
    run: Run, branches: Branches, conv_model: keras.Model, documents: Floats
) -> Branches:
    """Fit readers and terms anew to everything; the convolutions see it once more."""
    everything = np.arange(len(run.material))
    readers = _fit_readers(run, documents, everything, everything[:0])
    terms, bias = _fit_terms(run, everything)
    before = conv_model.get_weights()
    try:
        _show_everything(run, conv_model)
    except KeyboardInterrupt:
        conv_model.set_weights(before)
        raise
    return Branches(branches.conv, readers, terms, bias)


def _held_out_logits(
    run: Run, branches: Branches, conv_model: keras.Model, documents: Floats
) -> list[Floats]:
    """Logits of convolutions, readers and terms: each (validation part, labels)."""
    material, rows = run.material, run.material.validation
    conv = conv_model.predict(_sequences(material, rows), batch_size=PREDICT_ROWS, verbose=0)
    readers = [
        head.predict(documents[rows], batch_size=PREDICT_ROWS, verbose=0)
        for head in branches.readers
    ]
    terms = np.tile(branches.bias, (len(rows), 1))
    terms[:, : branches.terms.shape[1]] += material.terms[rows] @ branches.terms
    return [conv[:, : material.labels], np.mean(readers, axis=0)[:, : material.labels], terms]


def _assemble(run: Run, trunk: graph.Trunk, branches: Branches, shares: Floats) -> keras.Model:
    """The graph that is served: the labels alone, shares and shift folded into the weights."""
    how, material = run.how.graph, run.material
    width, depth = trunk.conv_features.shape[-1], trunk.document.shape[-1]
    shift = branches.bias * shares[2] + shares[3]
    conv = graph.scale_head(
        branches.conv, graph.conv_head(width, material.labels, how), float(shares[0]), shift
    )
    share, none = float(shares[1]) / len(branches.readers), np.zeros_like(shift)
    readers = [
        graph.scale_head(head, graph.reader(depth, material.labels, how), share, none)
        for head in branches.readers
    ]
    return graph.assemble(trunk, conv, readers, branches.terms * shares[2], material.places)


# Branches


def _fit_terms(run: Run, rows: Rows) -> tuple[Floats, Floats]:
    """Logits of each term for the most frequent labels, and a bias for all."""
    material, fit = run.material, run.how.fit
    tags = material.tags[rows, : material.labels]
    bias = logit_of_share(tags)
    spoken_to = min(material.labels, fit.term_labels)

    def after_epoch() -> None:
        run.advance(pace.TERMS * len(rows))

    table, bias[:spoken_to] = fit_terms(
        material.terms[rows], tags[:, :spoken_to], fit, seed=run.seed, after_epoch=after_epoch
    )
    return table, bias


def _fit_readers(
    run: Run, documents: Floats, rows: Rows, validation: Rows
) -> tuple[keras.Sequential, ...]:
    """The heads over the document vector."""
    heads: list[keras.Sequential] = []
    count = run.how.graph.readers
    again = "" if len(validation) else " again"
    for number in range(1, count + 1):
        head = graph.reader(documents.shape[1], run.material.tags.shape[1], run.how.graph)
        part = f"reader {number} of {count}{again}"
        if _fit_reader(run, head, part, documents, rows, validation):
            heads.append(head)
        if run.stopped:
            break
    if not heads:
        raise KeyboardInterrupt
    return tuple(heads)


def _fit_reader(
    run: Run, head: keras.Sequential, part: str, documents: Floats, rows: Rows, validation: Rows
) -> bool:
    """Whether there was an epoch's end."""
    fit, tags = run.how.fit, run.material.tags
    epochs = run.at_most(fit.reader_epochs)
    steps = count_steps(rows, fit.reader_batch)
    compile_part(run, head, fit.reader_rate, epochs * steps, fit.reader_decay)
    held = (documents[validation], tags[validation]) if len(validation) else None
    return fit_part(
        run,
        head,
        make_batches((documents, tags), rows, fit.reader_batch, run.seed),
        epochs=epochs,
        steps=steps,
        validation=held,
        after=AfterEpoch(run, part, epochs, pace.READER * fit.reader_batch),
    )


def _fit_convolutions(run: Run, model: keras.Model) -> bool:
    """Whether there was an epoch's end."""
    material, fit, epochs = run.material, run.how.fit, run.conv_epochs()
    steps = count_steps(material.train, fit.conv_batch)
    compile_part(run, model, fit.conv_rate, epochs * steps, fit.conv_decay)
    held = _sequences(material, material.validation), material.tags[material.validation]
    return fit_part(
        run,
        model,
        _conv_batches(run, material.train, run.seed),
        epochs=epochs,
        steps=steps,
        validation=held,
        after=AfterEpoch(run, "convolutions", epochs, pace.CONVOLUTIONS * fit.conv_batch),
    )


def _show_everything(run: Run, model: keras.Model) -> None:
    """One pass over every question, at a small rate that falls to zero."""
    fit, rows = run.how.fit, np.arange(len(run.material))
    steps = count_steps(rows, fit.conv_batch)
    compile_part(run, model, fit.last_rate, steps, fit.conv_decay)
    fit_part(
        run,
        model,
        _conv_batches(run, rows, run.seed + 1),
        epochs=1,
        steps=steps,
        validation=None,
        after=AfterEpoch(run, "convolutions again", 1, pace.CONVOLUTIONS * fit.conv_batch),
    )


def _conv_batches(run: Run, rows: Rows, seed: int) -> Any:
    material, fit = run.material, run.how.fit
    arrays = ({"title": material.title, "body": material.body}, material.tags)
    change = drop_words(fit.word_dropout, material.vocabulary.unknown, seed)
    return make_batches(arrays, rows, fit.conv_batch, seed, change)


def _sequences(material: Material, rows: Rows) -> dict[str, npt.NDArray[np.int32]]:
    return {"title": material.title[rows], "body": material.body[rows]}
