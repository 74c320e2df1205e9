"""One part of the network, fitted by Keras from its checkpoint on."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from trainer.progress import Epoch
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.parts.learning_rate import WarmUpCosine
from trainer.systems.branched.parts.optimizer import TableAdamW
from trainer.systems.branched.parts.state import PartState
from trainer.systems.networks.batches import Batches
from trainer.systems.networks.fitting import BestEpoch, fit_model, precision_at_1


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What Keras fits by itself.

    Attributes:
        name: as progress shows it, and as its checkpoint is called.
        model: from inputs to logits of all tags.
        batches: what it learns from.
        validation: what its epochs are compared by; None keeps the last one.
        epochs: all of them.
        rate: the highest learning rate.
        decay: of the weights that are no tables.
        cost: of a question in an epoch, as `fitting_run` measures it.
        keep_epochs: whether each one is a checkpoint.
        keep_last: whether the last epoch is kept, though there is a validation part.
    """

    name: str
    model: keras.Model
    batches: Batches
    validation: Batches | None
    epochs: int
    rate: float
    decay: float
    cost: int
    keep_epochs: bool = False
    keep_last: bool = False

    @property
    def under_way(self) -> str:
        """The name of the checkpoint of its epochs."""
        return f"{self.name} epochs"

    @property
    def batch_work(self) -> int:
        """Work of a batch."""
        return self.cost * self.batches.size


def fit_part(run: FittingRun, part: Part) -> bool:
    """Fit a part; where there is a validation part, its best epoch is kept, or the last.

    What the run's checkpoints have of the part is not done again. Ctrl-C ends the fitting where
    there is a validation part.

    Returns:
        Whether there is an epoch to keep.

    Raises:
        TrainingError: the loss was no number, as of `fit_model`.
        KeyboardInterrupt: without a validation part, or for the second time.
    """
    _compile(run, part)
    best = _follow(run, part)
    if _resume(run, part, best):
        return True
    fit_model(
        part.model,
        best,
        x=part.batches.shuffled(first=len(best.ended) * part.batches.steps),
        steps_per_epoch=part.batches.steps,
        shuffle=False,  # the batches are
        validation_data=None if part.validation is None else part.validation.in_order(),
    )
    if best.interrupted:
        run.stop()
    if part.validation is not None and best.weights is None:
        return False
    if not run.stopped:
        run.checkpoints.save(part.name, PartState.of(part.model, best.ended).arrays())
        run.checkpoints.remove(part.under_way)
    return True


def _compile(run: FittingRun, part: Part) -> None:
    """AdamW with a warm-up and a cosine to zero, on cross-entropy of logits."""
    fit, steps = run.hyperparameters.fit, part.epochs * part.batches.steps
    schedule = WarmUpCosine(part.rate, steps, int(steps * fit.warm_up))

    def cross_entropy(tags: Any, logits: Any) -> Any:
        cells = ops.binary_crossentropy(ops.cast(tags, "float32"), logits, from_logits=True)
        return fit.loss_scale * ops.mean(cells, axis=-1)

    part.model.compile(
        TableAdamW(schedule, part.decay),
        cross_entropy,
        metrics=[precision_at_1(run.encoded.label_count)],
        jit_compile=False,  # XLA on the CPU was no faster
    )


def _follow(run: FittingRun, part: Part) -> BestEpoch:
    """What follows the part's fitting, tells the run, and keeps epochs where they are to be."""

    def on_epoch(epoch: Epoch) -> None:
        if part.keep_epochs and not run.stopped:
            state = PartState.of(
                part.model, best.ended, optimizer=True, best=best.weights, lowest=best.lowest
            )
            run.checkpoints.save(part.under_way, state.arrays())
        run.epoch_ended(epoch)

    best = BestEpoch(
        part.epochs,
        on_batch=lambda: run.advance(part.batch_work),
        on_epoch=on_epoch,
        part=part.name,
        loss_scale=run.hyperparameters.fit.loss_scale,
        keep_last=part.keep_last,
        left=run.estimate.left,
    )
    return best


def _resume(run: FittingRun, part: Part, best: BestEpoch) -> bool:
    """Put in what the checkpoints have of the part; whether that is all of it."""
    for name in (part.name, part.under_way):
        arrays = run.checkpoints.load(name)
        state = None if arrays is None else PartState.read(arrays)
        if state is not None and state.put_into(part.model):
            best.weights, best.lowest = list(state.best) or None, state.lowest
            best.ended = list(state.epochs)
            run.resumed(state.epochs, part.batch_work * part.batches.steps * len(state.epochs))
            return name == part.name
    return False
