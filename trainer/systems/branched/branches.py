"""Each branch of the network, fitted to the tags by itself.

They are fitted twice: to the training part, judged by the validation part, and then to both.
"""

from dataclasses import dataclass, replace

import keras
import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import sigmoid
from trainer.data.splits import Rows
from trainer.systems.branched import fitting_run, graph
from trainer.systems.branched.documents import DocumentVectors
from trainer.systems.branched.encoded_dataset import EncodedDataset, Float32Array, Matrix
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.parts.fit import Part, fit_part
from trainer.systems.branched.parts.word_dropout import drop_words
from trainer.systems.branched.taught.teaching import TeacherInputs
from trainer.systems.branched.terms import fit_term_table, usual_margins
from trainer.systems.networks.batches import Batches

VALIDATION_ROWS = 256  # of one call
TERMS = "terms"
CONVOLUTIONS = "convolutions"
READER = "reader"
AGAIN = " again"  # fitted to the validation part too

ReaderInputs = DocumentVectors | TeacherInputs
"""Document vectors, and beside them sentence vectors, or what terms tell of them."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Questions to which branches are fitted.

    Attributes:
        train: those that are learned.
        validation: those by which epochs are compared, and the convolutions' best is kept; with
            none of them the last is.
        suffix: of the names of the parts that are fitted in it.
    """

    train: Rows
    validation: Rows
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """The fitted branch of weighted terms.

    Attributes:
        table: weights of each term, (ids, the most frequent labels); behind those the weights of
            a sentence vector's dimensions, where the network reads one.
        bias: (labels,).
    """

    table: Float32Array
    bias: Float32Array

    def margins(self, columns: Matrix) -> Float32Array:
        """Of questions by what the branch reads of them, (questions, labels)."""
        found = np.tile(self.bias, (columns.shape[0], 1))
        found[:, : self.table.shape[1]] += columns @ self.table
        return found


def first_pass(encoded: EncodedDataset) -> Pass:
    """To the training part."""
    return Pass(encoded.train, encoded.validation)


def second_pass(encoded: EncodedDataset) -> Pass:
    """To all questions."""
    everything = np.arange(len(encoded))
    return Pass(everything, everything[:0], AGAIN)


def only_pass(encoded: EncodedDataset) -> Pass:
    """To all questions, of a site that is cross-validated."""
    return replace(second_pass(encoded), suffix="")


def part_names(readers: int, teacher_folds: int = 0, folds: int = 0) -> list[str]:
    """All that is fitted by itself, and can be resumed."""
    teachers, once = _numbered("teacher", teacher_folds), [TERMS, *_numbered(READER, readers)]
    if folds:
        return [name + suffix for suffix in ("", *fold_suffixes(folds)) for name in teachers + once]
    once.append(CONVOLUTIONS)
    return teachers + once + [name + AGAIN for name in once]


def fold_suffixes(folds: int) -> list[str]:
    """What is added to the names of the parts that are fitted without a fold."""
    return [f" without fold {number} of {folds}" for number in range(1, folds + 1)]


def _numbered(name: str, of: int) -> list[str]:
    return [f"{name} {number} of {of}" for number in range(1, of + 1)]


def expect_tags(
    run: FittingRun, inputs: TeacherInputs, suffix: str = ""
) -> npt.NDArray[np.float16]:
    """What the teacher expects of each question: probabilities, (questions, tags).

    Of the training part it is said out of fold, of the validation part by the mean of all folds.

    Args:
        run: the fitting.
        inputs: what the teacher reads of each question.
        suffix: of the names of the parts that are fitted for it.

    Raises:
        KeyboardInterrupt: Ctrl-C; there is nothing yet that could be kept but checkpoints.
    """
    encoded, train, validation = run.encoded, run.encoded.train, run.encoded.validation
    expected = np.zeros(encoded.tags.shape, np.float16)
    of_validation = np.zeros((len(validation), encoded.tags.shape[1]), np.float32)
    fold = np.random.default_rng(run.seed).permutation(len(train)) % run.teacher_folds
    for number, name in enumerate(_numbered("teacher", run.teacher_folds)):
        head = graph.reader(inputs.shape[1], encoded.tags.shape[1], run.hyperparameters.graph)
        _fit_reader(run, head, name, inputs, Pass(train[fold != number], train[:0], suffix))
        unseen = train[fold == number]
        expected[unseen] = _probabilities(head, inputs, unseen)
        of_validation += _probabilities(head, inputs, validation) / run.teacher_folds
    expected[validation] = of_validation
    return expected


def _probabilities(head: keras.Sequential, inputs: TeacherInputs, rows: Rows) -> Float32Array:
    """Of all tags, (rows, tags)."""
    if not len(rows):
        return np.zeros((0, head.output_shape[-1]), np.float32)
    batches = Batches(inputs, rows, VALIDATION_ROWS).in_order()
    return sigmoid(head.predict(batches, verbose=0)).astype(np.float32)


def fit_terms(run: FittingRun, learned: Pass) -> Terms:
    """Fit weights of each term for the most frequent labels, and a bias for all labels."""
    part = TERMS + learned.suffix
    epoch_work = run.terms_cost * len(learned.train)
    stored = run.checkpoints.load(part)
    if stored is not None and stored.keys() == {"table", "bias"}:
        run.resumed((), epoch_work * run.hyperparameters.fit.term_epochs)
        return Terms(stored["table"], stored["bias"])
    terms = _fit_terms(run, learned.train, epoch_work)
    run.checkpoints.save(part, {"table": terms.table, "bias": terms.bias})
    return terms


def _fit_terms(run: FittingRun, rows: Rows, epoch_work: int) -> Terms:
    encoded, fit = run.encoded, run.hyperparameters.fit
    tags = encoded.tags[rows, : encoded.label_count]
    bias = usual_margins(encoded.label_count)
    in_table = min(encoded.label_count, fit.term_labels)
    table, bias[:in_table] = fit_term_table(
        encoded.terms[rows],
        tags[:, :in_table],
        fit,
        vectors=encoded.sentences(rows),
        seed=run.seed,
        after_epoch=lambda: run.advance(epoch_work),
    )
    return Terms(table, bias)


def fit_readers(
    run: FittingRun, inputs: ReaderInputs, learned: Pass
) -> tuple[keras.Sequential, ...]:
    """Fit the heads over what readers read; after Ctrl-C there are fewer.

    Raises:
        KeyboardInterrupt: before there was one to keep.
    """
    heads: list[keras.Sequential] = []
    for name in _numbered(READER, run.hyperparameters.graph.readers):
        head = graph.reader(inputs.shape[1], run.encoded.tags.shape[1], run.hyperparameters.graph)
        if _fit_reader(run, head, name, inputs, learned):
            heads.append(head)
        if run.stopped:
            break
    if not heads:
        raise KeyboardInterrupt
    return tuple(heads)


def _fit_reader(
    run: FittingRun,
    head: keras.Sequential,
    name: str,
    inputs: ReaderInputs,
    learned: Pass,
) -> bool:
    """Whether there was an epoch's end."""
    fit, judged = run.hyperparameters.fit, (inputs, run.encoded.tags)
    part = Part(
        name=name + learned.suffix,
        model=head,
        batches=Batches((inputs, run.targets), learned.train, fit.reader_batch, run.seed),
        validation=_validation_batches(judged, learned),
        epochs=run.reader_epochs(),
        rate=fit.reader_rate,
        decay=fit.reader_decay,
        cost=fitting_run.READER_COST,
        keep_last=True,  # as in the second pass: the stacking weights are to fit both
    )
    return fit_part(run, part)


def fit_convolutions(run: FittingRun, model: keras.Model, learned: Pass) -> bool:
    """Fit the convolutions and their head; whether there was an epoch's end."""
    fit = run.hyperparameters.fit
    batches = _sequences(run, learned.train, run.seed)
    part = Part(
        name=CONVOLUTIONS + learned.suffix,
        model=model,
        batches=batches,
        validation=_validation_batches((batches.arrays[0], run.encoded.tags), learned),
        epochs=run.conv_epochs(),
        rate=fit.conv_rate,
        decay=fit.conv_decay,
        cost=fitting_run.CONVOLUTIONS_COST,
        keep_epochs=True,  # they take minutes
    )
    return fit_part(run, part)


def refine_convolutions(run: FittingRun, model: keras.Model, learned: Pass) -> None:
    """Fit them by one epoch more, at a small rate that falls to zero."""
    fit = run.hyperparameters.fit
    part = Part(
        name=CONVOLUTIONS + learned.suffix,
        model=model,
        batches=_sequences(run, learned.train, run.seed + 1),
        validation=None,
        epochs=1,
        rate=fit.last_rate,
        decay=fit.conv_decay,
        cost=fitting_run.CONVOLUTIONS_COST,
    )
    fit_part(run, part)


def _validation_batches(arrays: tuple[object, object], learned: Pass) -> Batches | None:
    if not len(learned.validation):
        return None
    return Batches(arrays, learned.validation, VALIDATION_ROWS)


def _sequences(run: FittingRun, rows: Rows, seed: int) -> Batches:
    """Titles and bodies in order, some of their words unknown."""
    encoded, fit = run.encoded, run.hyperparameters.fit
    arrays = ({"title": encoded.title, "body": encoded.body}, encoded.tags)
    change = drop_words(fit.word_dropout, encoded.vocabulary.unknown, seed)
    lengths = np.count_nonzero(encoded.body, axis=1)
    return Batches(arrays, rows, fit.conv_batch, seed, change, lengths)
