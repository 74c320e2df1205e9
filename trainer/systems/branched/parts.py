"""How one part of the network is fitted by Keras, and what is told of it meanwhile."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from core.errors import TrainingError
from trainer.progress import Epoch, Watch
from trainer.splits import Rows
from trainer.systems.branched import pace
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.material import Material
from trainer.systems.branched.pace import Pace

VALIDATION_ROWS = 256  # of one call


@dataclass
class Run:
    """One fitting under way."""

    material: Material
    how: Hyperparameters
    seed: int
    watch: Watch
    most_epochs: int | None
    pace: Pace = field(init=False)
    epochs: list[Epoch] = field(default_factory=list)
    stopped: bool = False

    def __post_init__(self) -> None:
        learned, everything = len(self.material.train), len(self.material)
        fit, conv = self.how.fit, self.conv_epochs()
        readers = self.how.graph.readers * self.at_most(fit.reader_epochs)
        twice = pace.READER * readers + pace.TERMS * fit.term_epochs
        work = pace.TABLES * everything + pace.CONVOLUTIONS * (learned * conv + everything)
        self.pace = Pace(work + twice * (learned + everything))

    def conv_epochs(self) -> int:
        """Epochs of the convolutions."""
        fit = self.how.fit
        steps = count_steps(self.material.train, fit.conv_batch)
        return self.at_most(max(fit.conv_epochs, -(-fit.conv_steps // steps)))

    def at_most(self, epochs: int) -> int:
        """So many epochs, or fewer where somebody set a limit."""
        return epochs if self.most_epochs is None else min(epochs, self.most_epochs)

    def advance(self, work: int) -> None:
        """So much more is done."""
        self.pace.advance(work)
        self.watch.batch(self.pace.done, self.pace.of)

    def epoch_ended(self, epoch: Epoch) -> None:
        """Keep and tell it."""
        self.epochs.append(epoch)
        self.watch.epoch(epoch)

    def stop(self) -> None:
        """Somebody pressed Ctrl-C: what is left is made short, and a second one gives up.

        Raises:
            KeyboardInterrupt: it was the second.
        """
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        self.watch.note("Stopped; going on with the best so far.")


def count_steps(rows: Rows, batch: int) -> int:
    """Batches of an epoch."""
    return -(-len(rows) // batch)


def compile_part(run: Run, model: keras.Model, rate: float, steps: int, decay: float) -> None:
    """AdamW with a warm-up and a cosine to zero, on cross-entropy of logits."""
    fit, labels = run.how.fit, run.material.labels
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


def make_batches(
    arrays: Any, rows: Rows, batch: int, seed: int, change: Callable[..., Any] | None = None
) -> Any:
    """Endless shuffled batches of inputs and tags.

    Args:
        arrays: inputs and tags, with a row for each question.
        rows: that are shown.
        batch: rows of each.
        seed: of the order.
        change: made of a batch's number and the batch.
    """
    tensors = tf.nest.map_structure(tf.constant, arrays)
    data = tf.data.Dataset.from_tensor_slices(rows)
    data = data.shuffle(len(rows), seed=seed, reshuffle_each_iteration=True)
    data = data.batch(batch).repeat()
    data = data.map(lambda some: tf.nest.map_structure(lambda all_: tf.gather(all_, some), tensors))
    if change is not None:
        data = data.enumerate().map(change)
    return data.prefetch(2)


def drop_words(rate: float, unknown: int, seed: int) -> Callable[..., Any]:
    """Words become unknown with probability `rate`; a batch's number is its seed."""

    def drop(number: Any, batch: tuple[dict[str, Any], Any]) -> tuple[dict[str, Any], Any]:
        inputs, tags = batch
        dropped = {}
        for place, (name, ids) in enumerate(sorted(inputs.items())):
            noise = tf.random.stateless_uniform(tf.shape(ids), [seed * 2 + place, number])
            dropped[name] = tf.where((noise < rate) & (ids > 0), unknown, ids)
        return dropped, tags

    return drop


def fit_part(
    run: Run,
    model: keras.Model,
    batches: Any,
    *,
    epochs: int,
    steps: int,
    validation: tuple[Any, Any] | None,
    after: "AfterEpoch",
) -> bool:
    """Fit a compiled part; where there is a validation part, its best epoch is kept.

    Ctrl-C ends the fitting where there is a validation part.

    Returns:
        Whether there is an epoch to keep.

    Raises:
        TrainingError: the loss on the validation part was a number in no epoch.
        KeyboardInterrupt: without a validation part, or for the second time.
    """
    try:
        model.fit(
            batches,
            epochs=epochs,
            steps_per_epoch=steps,
            shuffle=False,  # the batches are
            validation_data=validation,
            validation_batch_size=VALIDATION_ROWS,
            verbose=0,
            callbacks=[after],
        )
    except KeyboardInterrupt:
        if validation is None:
            raise
        run.stop()
    if validation is None:
        return True
    if after.best is None:
        if run.stopped:
            return False
        raise TrainingError("The network did not learn: its loss is not a number.")
    model.set_weights(after.best)
    return True


class AfterEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells how fitting goes, and keeps the weights of the lowest loss on the validation part."""

    def __init__(self, run: Run, part: str, epochs: int, work: int) -> None:
        """Follow a part of a run, whose batches take so much work each."""
        super().__init__()
        self._run, self._part, self._epochs, self._work = run, part, epochs, work
        self._lowest = math.inf
        self._began = time.monotonic()
        self.best: list[Any] | None = None

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Move on."""
        self._run.advance(self._work)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Tell and compare."""
        logs, scale, now = logs or {}, self._run.how.fit.loss_scale, time.monotonic()
        loss = float(logs.get("val_loss", math.nan))
        if loss < self._lowest:
            self._lowest, self.best = loss, self.model.get_weights()
        ended = Epoch(
            number=epoch + 1,
            of=self._epochs,
            loss=float(logs["loss"]) / scale,
            val_loss=loss / scale,
            val_precision_at_1=float(logs.get("val_precision_at_1", math.nan)),
            seconds=now - self._began,
            part=self._part,
            left=self._run.pace.left(),
        )
        self._began = now
        self._run.epoch_ended(ended)
