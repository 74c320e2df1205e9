"""How one part of the network is fitted by Keras, and what is told of it meanwhile."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import ops

from core.errors import TrainingError
from trainer.progress import Epoch, ProgressReporter
from trainer.systems.branched import time_estimate
from trainer.systems.branched.batches import Batches, count_steps
from trainer.systems.branched.checkpoints import Checkpoints
from trainer.systems.branched.encoded_dataset import EncodedDataset
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.state import PartState
from trainer.systems.branched.time_estimate import TimeEstimate

VALIDATION_ROWS = 256  # of one call


@dataclass
class Run:
    """One fitting under way."""

    encoded: EncodedDataset
    hyperparameters: Hyperparameters
    seed: int
    reporter: ProgressReporter
    most_epochs: int | None
    checkpoints: Checkpoints = field(default_factory=lambda: Checkpoints(None))
    time_estimate: TimeEstimate = field(init=False)
    epochs: list[Epoch] = field(default_factory=list)
    stopped: bool = False

    def __post_init__(self) -> None:
        learned, everything = len(self.encoded.train), len(self.encoded)
        fit, conv = self.hyperparameters.fit, self.conv_epochs()
        readers = self.hyperparameters.graph.readers * self.at_most(fit.reader_epochs)
        twice = time_estimate.READER * readers + time_estimate.TERMS * fit.term_epochs
        work = time_estimate.TABLES * everything + time_estimate.CONVOLUTIONS * (
            learned * conv + everything
        )
        self.time_estimate = TimeEstimate(work + twice * (learned + everything))

    def conv_epochs(self) -> int:
        """Epochs of the convolutions."""
        fit = self.hyperparameters.fit
        steps = count_steps(self.encoded.train, fit.conv_batch)
        return self.at_most(max(fit.conv_epochs, -(-fit.conv_steps // steps)))

    def at_most(self, epochs: int) -> int:
        """So many epochs, or fewer where somebody set a limit."""
        return epochs if self.most_epochs is None else min(epochs, self.most_epochs)

    def advance(self, work: int) -> None:
        """So much more is done."""
        self.time_estimate.advance(work)
        self.reporter.batch(self.time_estimate.done, self.time_estimate.of)

    def went_before(self, epochs: Iterable[Epoch], work: int) -> None:
        """Epochs and work of a run that was ended, which this one goes on from."""
        self.epochs.extend(epochs)
        self.time_estimate.skip(work)
        self.reporter.batch(self.time_estimate.done, self.time_estimate.of)

    def epoch_ended(self, epoch: Epoch) -> None:
        """Keep and tell it."""
        self.epochs.append(epoch)
        self.reporter.epoch(epoch)

    def stop(self) -> None:
        """Somebody pressed Ctrl-C: what is left is made short, and a second one gives up.

        Raises:
            KeyboardInterrupt: it was the second.
        """
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        self.reporter.note("Stopped; going on with the best so far.")


def compile_part(run: Run, model: keras.Model, rate: float, steps: int, decay: float) -> None:
    """AdamW with a warm-up and a cosine to zero, on cross-entropy of logits."""
    fit, labels = run.hyperparameters.fit, run.encoded.labels
    warm = int(steps * fit.warm_up)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm, warmup_target=rate, warmup_steps=warm
    )

    def cross_entropy(tags: Any, logits: Any) -> Any:
        cells = ops.binary_crossentropy(ops.cast(tags, "float32"), logits, from_logits=True)
        return fit.loss_scale * ops.mean(cells, axis=-1)

    def precision_at_1(tags: Any, logits: Any) -> Any:
        best = ops.argmax(logits[:, :labels], axis=-1)
        return ops.cast(ops.take_along_axis(tags, best[:, None], axis=-1)[:, 0], "float32")

    model.compile(
        keras.optimizers.AdamW(schedule, weight_decay=decay),
        cross_entropy,
        metrics=[precision_at_1],
        jit_compile=False,  # XLA on the CPU was no faster
    )


def fit_part(
    run: Run,
    model: keras.Model,
    batches: Batches,
    *,
    validation: Batches | None,
    after: "AfterEpoch",
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
    after.resume(model)
    if after.finished:
        return True
    try:
        model.fit(
            batches.shuffled(first=after.done * batches.steps),
            initial_epoch=after.done,
            epochs=after.epochs,
            steps_per_epoch=batches.steps,
            shuffle=False,  # the batches are
            validation_data=None if validation is None else validation.in_order(),
            verbose=0,
            callbacks=[after],
        )
    except KeyboardInterrupt:
        if validation is None:
            raise
        run.stop()
    if validation is not None:
        if after.best is None and not run.stopped:
            raise TrainingError("The network did not learn: its loss is not a number.")
        if after.best is None:
            return False
        model.set_weights(after.best)
    if not run.stopped:
        after.finish()
    return True


class AfterEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells how fitting goes, and keeps the weights of the lowest loss on the validation part.

    Attributes:
        epochs: of all of the part.
        best: those weights.
        finished: whether the part needs no fitting any more.
    """

    def __init__(
        self, run: Run, part: str, *, epochs: int, steps: int, work: int, keep_epochs: bool = False
    ) -> None:
        """Follow a part of a run.

        Args:
            run: whose checkpoints take the finished part.
            part: its name.
            epochs: all of them.
            steps: of each.
            work: of a step.
            keep_epochs: whether each one is a checkpoint.
        """
        super().__init__()
        self._run, self._part = run, part
        self._steps, self._work = steps, work
        self._keep_epochs = keep_epochs
        self._ended: list[Epoch] = []
        self._lowest = math.inf
        self._began = time.monotonic()
        self.epochs = epochs
        self.best: list[Any] | None = None
        self.finished = False

    @property
    def done(self) -> int:
        """Epochs that have ended."""
        return len(self._ended)

    def resume(self, model: keras.Model) -> None:
        """Put in what the run's checkpoints have of the part."""
        for name in (self._part, _epochs_of(self._part)):
            arrays = self._run.checkpoints.load(name)
            state = None if arrays is None else PartState.read(arrays)
            if state is not None and state.put_into(model):
                self.finished = name == self._part
                self.best = list(state.best) or None
                self._lowest, self._ended = state.lowest, list(state.epochs)
                self._run.went_before(state.epochs, self._work * self._steps * self.done)
                return

    def finish(self) -> None:
        """Make the fitted part a checkpoint."""
        state = PartState.of(self.model, self._ended)
        self._run.checkpoints.save(self._part, state.arrays())
        self._run.checkpoints.remove(_epochs_of(self._part))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Move on."""
        self._run.advance(self._work)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compare, keep and tell."""
        logs, scale, now = logs or {}, self._run.hyperparameters.fit.loss_scale, time.monotonic()
        loss = float(logs.get("val_loss", math.nan))
        if loss < self._lowest:
            self._lowest, self.best = loss, self.model.get_weights()
        ended = Epoch(
            number=epoch + 1,
            of=self.epochs,
            loss=float(logs["loss"]) / scale,
            val_loss=loss / scale,
            val_precision_at_1=float(logs.get("val_precision_at_1", math.nan)),
            seconds=now - self._began,
            part=self._part,
            left=self._run.time_estimate.left(),
        )
        self._began = now
        self._ended.append(ended)
        if self._keep_epochs and not self._run.stopped:
            state = PartState.of(
                self.model, self._ended, optimizer=True, best=self.best, lowest=self._lowest
            )
            self._run.checkpoints.save(_epochs_of(self._part), state.arrays())
        self._run.epoch_ended(ended)


def _epochs_of(part: str) -> str:
    """The checkpoint of a part that is under way."""
    return f"{part} epochs"
