"""Each branch of the network, fitted to the tags by itself."""

from dataclasses import dataclass

import keras
import numpy as np

from trainer.data.splits import Rows
from trainer.systems.branched import graph, time_estimate
from trainer.systems.branched.batches import Batches, drop_words
from trainer.systems.branched.documents import DocumentVectors
from trainer.systems.branched.encoded_dataset import Float32Array
from trainer.systems.branched.parts import (
    VALIDATION_ROWS,
    AfterEpoch,
    Run,
    compile_part,
    fit_part,
)
from trainer.systems.branched.terms import fit_terms, logit_of_share

TERMS = "terms"
CONVOLUTIONS = "convolutions"
AGAIN = " again"  # fitted to the validation part too


@dataclass(frozen=True, slots=True)
class Terms:
    """What terms say.

    Attributes:
        table: logits, (ids, the first labels).
        bias: (labels,).
    """

    table: Float32Array
    bias: Float32Array


def part_names(readers: int) -> list[str]:
    """All that is fitted by itself, and can be gone on from."""
    once = [TERMS, *(_reader_name(number, readers) for number in range(1, readers + 1))]
    once.append(CONVOLUTIONS)
    return once + [name + AGAIN for name in once]


def _reader_name(number: int, of: int) -> str:
    return f"reader {number} of {of}"


def fit_terms_of(run: Run, rows: Rows, *, again: bool = False) -> Terms:
    """Logits of each term for the most frequent labels, and a bias for all."""
    part = TERMS + AGAIN * again
    stored = run.checkpoints.load(part)
    work = time_estimate.TERMS * len(rows)
    if stored is not None and stored.keys() == {"table", "bias"}:
        run.went_before((), work * run.hyperparameters.fit.term_epochs)
        return Terms(stored["table"], stored["bias"])
    terms = _fit_terms(run, rows, work)
    run.checkpoints.save(part, {"table": terms.table, "bias": terms.bias})
    return terms


def _fit_terms(run: Run, rows: Rows, work: int) -> Terms:
    encoded, fit = run.encoded, run.hyperparameters.fit
    tags = encoded.tags[rows, : encoded.labels]
    bias = logit_of_share(tags)
    spoken_to = min(encoded.labels, fit.term_labels)
    table, bias[:spoken_to] = fit_terms(
        encoded.terms[rows],
        tags[:, :spoken_to],
        fit,
        seed=run.seed,
        after_epoch=lambda: run.advance(work),
    )
    return Terms(table, bias)


def fit_readers(
    run: Run, documents: DocumentVectors, rows: Rows, validation: Rows
) -> tuple[keras.Sequential, ...]:
    """The heads over the document vector.

    Raises:
        KeyboardInterrupt: before there was one to keep.
    """
    heads: list[keras.Sequential] = []
    count = run.hyperparameters.graph.readers
    for number in range(1, count + 1):
        head = graph.reader(
            documents.shape[1], run.encoded.tags.shape[1], run.hyperparameters.graph
        )
        part = _reader_name(number, count) + AGAIN * (not len(validation))
        if _fit_reader(run, head, part, documents, rows, validation):
            heads.append(head)
        if run.stopped:
            break
    if not heads:
        raise KeyboardInterrupt
    return tuple(heads)


def _fit_reader(
    run: Run,
    head: keras.Sequential,
    part: str,
    documents: DocumentVectors,
    rows: Rows,
    validation: Rows,
) -> bool:
    """Whether there was an epoch's end."""
    fit, arrays = run.hyperparameters.fit, (documents, run.encoded.tags)
    epochs = run.at_most(fit.reader_epochs)
    batches = Batches(arrays, rows, fit.reader_batch, run.seed)
    compile_part(run, head, fit.reader_rate, epochs * batches.steps, fit.reader_decay)
    return fit_part(
        run,
        head,
        batches,
        validation=Batches(arrays, validation, VALIDATION_ROWS) if len(validation) else None,
        after=AfterEpoch(
            run,
            part,
            epochs=epochs,
            steps=batches.steps,
            work=time_estimate.READER * fit.reader_batch,
        ),
    )


def fit_convolutions(run: Run, model: keras.Model) -> bool:
    """Fit the convolutions to the training part; whether there was an epoch's end."""
    encoded, fit, epochs = run.encoded, run.hyperparameters.fit, run.conv_epochs()
    batches = _sequences(run, encoded.train, run.seed)
    compile_part(run, model, fit.conv_rate, epochs * batches.steps, fit.conv_decay)
    return fit_part(
        run,
        model,
        batches,
        validation=Batches(batches.arrays, encoded.validation, VALIDATION_ROWS),
        after=AfterEpoch(
            run,
            CONVOLUTIONS,
            epochs=epochs,
            steps=batches.steps,
            work=time_estimate.CONVOLUTIONS * fit.conv_batch,
            keep_epochs=True,  # they take minutes
        ),
    )


def show_everything(run: Run, model: keras.Model) -> None:
    """One pass of the convolutions over every question, at a small rate that falls to zero."""
    fit, rows = run.hyperparameters.fit, np.arange(len(run.encoded))
    batches = _sequences(run, rows, run.seed + 1)
    compile_part(run, model, fit.last_rate, batches.steps, fit.conv_decay)
    fit_part(
        run,
        model,
        batches,
        validation=None,
        after=AfterEpoch(
            run,
            CONVOLUTIONS + AGAIN,
            epochs=1,
            steps=batches.steps,
            work=time_estimate.CONVOLUTIONS * fit.conv_batch,
        ),
    )


def _sequences(run: Run, rows: Rows, seed: int) -> Batches:
    """Titles and bodies in order, some of their words unknown."""
    encoded, fit = run.encoded, run.hyperparameters.fit
    arrays = ({"title": encoded.title, "body": encoded.body}, encoded.tags)
    change = drop_words(fit.word_dropout, encoded.vocabulary.unknown, seed)
    return Batches(arrays, rows, fit.conv_batch, seed, change)
