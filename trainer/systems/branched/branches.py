"""Each branch of the network, fitted to the tags by itself, from its checkpoint on."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from core.model.calibration import sigmoid
from trainer.data.splits import Rows
from trainer.progress import Epoch
from trainer.systems.branched import fitting_run, graph
from trainer.systems.branched.batches import Batches, drop_words
from trainer.systems.branched.checkpoints import PartState
from trainer.systems.branched.documents import DocumentVectors
from trainer.systems.branched.encoded_dataset import Float32Array
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.learning_rate import WarmUpCosine
from trainer.systems.branched.logistic import fit_terms, logit_of_share
from trainer.systems.branched.teaching import SoftTags, TeacherInputs
from trainer.systems.networks.fitting import BestEpoch, fit_model, precision_at_1

VALIDATION_ROWS = 256  # of one call
TERMS = "terms"
CONVOLUTIONS = "convolutions"
AGAIN = " again"  # fitted to the validation part too


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is fitted by Keras by itself.

    Attributes:
        name: as progress shows it, and as its checkpoint is called.
        epochs: all of them.
        work: of a step.
        keep_epochs: whether each one is a checkpoint.
    """

    name: str
    epochs: int
    work: int
    keep_epochs: bool = False

    @property
    def under_way(self) -> str:
        """The name of the checkpoint of its epochs."""
        return f"{self.name} epochs"


@dataclass(frozen=True, slots=True)
class Terms:
    """What terms say.

    Attributes:
        table: logits, (ids, the first labels).
        bias: (labels,).
    """

    table: Float32Array
    bias: Float32Array


def part_names(readers: int, teacher_folds: int = 0) -> list[str]:
    """All that is fitted by itself, and can be resumed."""
    once = [TERMS, *_numbered("reader", readers), CONVOLUTIONS]
    return _numbered("teacher", teacher_folds) + once + [name + AGAIN for name in once]


def _numbered(name: str, of: int) -> list[str]:
    return [f"{name} {number} of {of}" for number in range(1, of + 1)]


def fit_teacher(run: FittingRun, documents: DocumentVectors) -> None:
    """Let a teacher say what it expects of each question, and the branches learn from that too.

    It says so of the training part out of fold, and of the validation part by the mean of all
    folds. Without sentence vectors nothing is done.

    Raises:
        KeyboardInterrupt: Ctrl-C; there is nothing yet that could be kept but checkpoints.
    """
    encoded, train, validation = run.encoded, run.encoded.train, run.encoded.validation
    if encoded.vectors is None:
        return
    inputs = TeacherInputs(documents, encoded.vectors)
    expected = np.zeros(encoded.tags.shape, np.float16)
    of_validation = np.zeros((len(validation), encoded.tags.shape[1]), np.float32)
    fold = np.random.default_rng(run.seed).permutation(len(train)) % run.teacher_folds
    for number, name in enumerate(_numbered("teacher", run.teacher_folds)):
        head = graph.reader(inputs.shape[1], encoded.tags.shape[1], run.hyperparameters.graph)
        _fit_reader(run, head, name, inputs, train[fold != number], train[:0])
        unseen = train[fold == number]
        expected[unseen] = _expected(head, inputs, unseen)
        of_validation += _expected(head, inputs, validation) / run.teacher_folds
    expected[validation] = of_validation
    run.targets = SoftTags(encoded.tags, expected, run.hyperparameters.fit.teacher_share)


def _expected(head: keras.Sequential, inputs: TeacherInputs, rows: Rows) -> Float32Array:
    """Probabilities of all tags, (rows, tags)."""
    if not len(rows):
        return np.zeros((0, head.output_shape[-1]), np.float32)
    batches = Batches(inputs, rows, VALIDATION_ROWS).in_order()
    return sigmoid(head.predict(batches, verbose=0)).astype(np.float32)


def fit_terms_of(run: FittingRun, rows: Rows, *, again: bool = False) -> Terms:
    """Logits of each term for the most frequent labels, and a bias for all."""
    part = TERMS + AGAIN * again
    stored = run.checkpoints.load(part)
    work = fitting_run.TERMS * len(rows)
    if stored is not None and stored.keys() == {"table", "bias"}:
        run.resumed((), work * run.hyperparameters.fit.term_epochs)
        return Terms(stored["table"], stored["bias"])
    terms = _fit_terms(run, rows, work)
    run.checkpoints.save(part, {"table": terms.table, "bias": terms.bias})
    return terms


def _fit_terms(run: FittingRun, rows: Rows, work: int) -> Terms:
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
    run: FittingRun, documents: DocumentVectors, rows: Rows, validation: Rows
) -> tuple[keras.Sequential, ...]:
    """The heads over the document vector.

    Raises:
        KeyboardInterrupt: before there was one to keep.
    """
    heads: list[keras.Sequential] = []
    for name in _numbered("reader", run.hyperparameters.graph.readers):
        head = graph.reader(
            documents.shape[1], run.encoded.tags.shape[1], run.hyperparameters.graph
        )
        part = name + AGAIN * (not len(validation))
        if _fit_reader(run, head, part, documents, rows, validation):
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
    inputs: DocumentVectors | TeacherInputs,
    rows: Rows,
    validation: Rows,
) -> bool:
    """Whether there was an epoch's end."""
    fit, judged = run.hyperparameters.fit, (inputs, run.encoded.tags)
    batches = Batches((inputs, run.targets), rows, fit.reader_batch, run.seed)
    part = Part(
        name=name,
        epochs=run.at_most(fit.reader_epochs),
        work=fitting_run.READER * fit.reader_batch,
    )
    _compile(run, head, fit.reader_rate, part.epochs * batches.steps, fit.reader_decay)
    validation_batches = Batches(judged, validation, VALIDATION_ROWS) if len(validation) else None
    return _fit_part(run, part, head, batches, validation_batches)


def fit_convolutions(run: FittingRun, model: keras.Model) -> bool:
    """Fit the convolutions to the training part; whether there was an epoch's end."""
    encoded, fit = run.encoded, run.hyperparameters.fit
    batches = _sequences(run, encoded.train, run.seed)
    part = Part(
        name=CONVOLUTIONS,
        epochs=run.conv_epochs(),
        work=fitting_run.CONVOLUTIONS * fit.conv_batch,
        keep_epochs=True,  # they take minutes
    )
    _compile(run, model, fit.conv_rate, part.epochs * batches.steps, fit.conv_decay)
    judged = (batches.arrays[0], encoded.tags)
    validation_batches = Batches(judged, encoded.validation, VALIDATION_ROWS)
    return _fit_part(run, part, model, batches, validation_batches)


def show_everything(run: FittingRun, model: keras.Model) -> None:
    """One pass of the convolutions over every question, at a small rate that falls to zero."""
    fit = run.hyperparameters.fit
    batches = _sequences(run, np.arange(len(run.encoded)), run.seed + 1)
    part = Part(name=CONVOLUTIONS + AGAIN, epochs=1, work=fitting_run.CONVOLUTIONS * fit.conv_batch)
    _compile(run, model, fit.last_rate, batches.steps, fit.conv_decay)
    _fit_part(run, part, model, batches, None)


def _sequences(run: FittingRun, rows: Rows, seed: int) -> Batches:
    """Titles and bodies in order, some of their words unknown."""
    encoded, fit = run.encoded, run.hyperparameters.fit
    arrays = ({"title": encoded.title, "body": encoded.body}, run.targets)
    change = drop_words(fit.word_dropout, encoded.vocabulary.unknown, seed)
    return Batches(arrays, rows, fit.conv_batch, seed, change)


def _compile(run: FittingRun, model: keras.Model, rate: float, steps: int, decay: float) -> None:
    """AdamW with a warm-up and a cosine to zero, on cross-entropy of logits."""
    fit = run.hyperparameters.fit
    schedule = WarmUpCosine(rate, steps, int(steps * fit.warm_up))

    def cross_entropy(tags: Any, logits: Any) -> Any:
        cells = ops.binary_crossentropy(ops.cast(tags, "float32"), logits, from_logits=True)
        return fit.loss_scale * ops.mean(cells, axis=-1)

    model.compile(
        keras.optimizers.AdamW(schedule, weight_decay=decay),
        cross_entropy,
        metrics=[precision_at_1(run.encoded.labels)],
        jit_compile=False,  # XLA on the CPU was no faster
    )


def _fit_part(
    run: FittingRun, part: Part, model: keras.Model, batches: Batches, validation: Batches | None
) -> bool:
    """Fit a compiled part; where there is a validation part, its best epoch is kept.

    What the run's checkpoints have of the part is not done again. Ctrl-C ends the fitting where
    there is a validation part.

    Returns:
        Whether there is an epoch to keep.

    Raises:
        TrainingError: the loss on the validation part was a number in no epoch.
        KeyboardInterrupt: without a validation part, or for the second time.
    """
    best = _follow(run, part, model)
    if _resume(run, part, model, best, batches.steps):
        return True
    fit_model(
        model,
        best,
        x=batches.shuffled(first=len(best.ended) * batches.steps),
        steps_per_epoch=batches.steps,
        shuffle=False,  # the batches are
        validation_data=None if validation is None else validation.in_order(),
    )
    if best.interrupted:
        run.stop()
    if validation is not None and best.weights is None:
        return False
    if not run.stopped:
        run.checkpoints.save(part.name, PartState.of(model, best.ended).arrays())
        run.checkpoints.remove(part.under_way)
    return True


def _follow(run: FittingRun, part: Part, model: keras.Model) -> BestEpoch:
    """What follows the part's fitting, tells the run, and keeps epochs where they are to be."""

    def on_epoch(epoch: Epoch) -> None:
        if part.keep_epochs and not run.stopped:
            state = PartState.of(
                model, best.ended, optimizer=True, best=best.weights, lowest=best.lowest
            )
            run.checkpoints.save(part.under_way, state.arrays())
        run.epoch_ended(epoch)

    best = BestEpoch(
        part.epochs,
        on_batch=lambda: run.advance(part.work),
        on_epoch=on_epoch,
        part=part.name,
        loss_scale=run.hyperparameters.fit.loss_scale,
        left=run.estimate.left,
    )
    return best


def _resume(run: FittingRun, part: Part, model: keras.Model, best: BestEpoch, steps: int) -> bool:
    """Put in what the checkpoints have of the part; whether that is all of it."""
    for name in (part.name, part.under_way):
        arrays = run.checkpoints.load(name)
        state = None if arrays is None else PartState.read(arrays)
        if state is not None and state.put_into(model):
            best.weights, best.lowest = list(state.best) or None, state.lowest
            best.ended = list(state.epochs)
            run.resumed(state.epochs, part.work * steps * len(state.epochs))
            return name == part.name
    return False
