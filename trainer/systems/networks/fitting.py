"""How Keras fits a model: the best epoch is kept, and Ctrl-C ends the fitting, not the training.

It imports Keras, so it is imported where a system is fitted, after import_keras().
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from core.errors import TrainingError
from trainer.progress import Epoch, TimeLeft
from trainer.systems.networks.signals import GivenUp, HeldSignal, hold_signals


class BestEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights of one epoch, and tells how fitting goes.

    It is that of the lowest loss on the validation part or, with `keep_last`, the last one whose
    loss is a number.

    Attributes:
        epochs: at most.
        ended: those that have ended.
        weights: of the one that is kept; None before there is one whose loss is a number.
        lowest: its loss on the validation part.
        interrupted: whether Ctrl-C ended the fitting.
        signal: that waits for a batch's end.
    """

    def __init__(
        self,
        epochs: int,
        *,
        on_batch: Callable[[], None],
        on_epoch: Callable[[Epoch], None],
        part: str = "",
        loss_scale: float = 1.0,
        keep_last: bool = False,
        left: Callable[[], TimeLeft | None] = lambda: None,
    ) -> None:
        """Follow a fitting.

        Args:
            epochs: at most.
            on_batch: called after each.
            on_epoch: called with each one that has ended, once it has been compared.
            part: what is fitted, where that is not the whole network.
            loss_scale: by which the model's losses are too large.
            keep_last: whether the last epoch is kept, and not the best.
            left: gives how long all of the training will still take.
        """
        super().__init__()
        self._on_batch, self._on_epoch = on_batch, on_epoch
        self._part, self._loss_scale, self._left = part, loss_scale, left
        self._keep_last = keep_last
        self._began = time.monotonic()
        self.epochs = epochs
        self.ended: list[Epoch] = []
        self.weights: list[Any] | None = None
        self.lowest = math.inf
        self.interrupted = False
        self.signal = HeldSignal()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Move on, or stop in an orderly way for a signal that waits."""
        self._on_batch()
        self._stop_for_signal()

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Stop validating for a signal that waits."""
        self._stop_for_signal()

    def _stop_for_signal(self) -> None:
        if self.signal.received:
            self.model.stop_training = self.model.stop_evaluating = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compare, keep and tell; an epoch that was cut short is none."""
        if self.signal.received:
            return
        logs = logs or {}
        loss = float(logs.get("val_loss", math.nan))
        if loss < self.lowest or (self._keep_last and not math.isnan(loss)):
            self.lowest, self.weights = loss, self.model.get_weights()
        self.ended.append(self._describe(epoch + 1, logs))
        self._on_epoch(self.ended[-1])

    def _describe(self, number: int, logs: dict[str, float]) -> Epoch:
        began, self._began = self._began, time.monotonic()
        left = self._left()
        return Epoch(
            number=number,
            of=self.epochs,
            loss=float(logs["loss"]) / self._loss_scale,
            val_loss=float(logs.get("val_loss", math.nan)) / self._loss_scale,
            val_precision_at_1=float(logs.get("val_precision_at_1", math.nan)),
            seconds=self._began - began,
            part=self._part,
            left=None if left is None else left.likely,
            left_low=None if left is None else left.low,
            left_high=None if left is None else left.high,
        )


def fit_model(model: Any, best: BestEpoch, *, callbacks: Sequence[Any] = (), **data: Any) -> None:
    """Fit a compiled model; with a validation part, leave it with the weights that are kept.

    With one, Ctrl-C ends the fitting here, and `best.interrupted` says so.

    Args:
        model: is fitted from the epochs on that have ended.
        best: follows the fitting.
        callbacks: Keras' own, called before it.
        data: what Keras' fit() takes: `x`, perhaps `y` and `validation_data`, and their sizes.

    Raises:
        TrainingError: the loss on the validation part was a number in no epoch or, without one, the
            weights are no numbers.
        KeyboardInterrupt: without a validation part, or Ctrl-C for the second time (GivenUp).
    """
    validated = data.get("validation_data") is not None
    try:
        with hold_signals() as best.signal:
            model.fit(
                **data,
                initial_epoch=len(best.ended),
                epochs=best.epochs,
                verbose=0,
                callbacks=[*callbacks, best],
            )
    except KeyboardInterrupt as interrupt:
        if not validated or isinstance(interrupt, GivenUp):
            raise
        best.interrupted = True
    if best.weights is not None:
        model.set_weights(best.weights)
    elif not best.interrupted and (validated or not _is_finite(model)):
        raise TrainingError("The network did not learn: its loss is not a number.")


def _is_finite(model: Any) -> bool:
    return all(np.isfinite(weight).all() for weight in model.get_weights())


def precision_at_1(labels: int) -> Callable[[Any, Any], Any]:
    """A Keras metric: whether a question has the most probable of its first so many columns."""

    def precision_at_1(tags: Any, scores: Any) -> Any:
        best = ops.argmax(scores[:, :labels], axis=-1)
        hits = ops.take_along_axis(tags, best[:, None], axis=-1)[:, 0]
        return ops.cast(hits, "float32")

    return precision_at_1
