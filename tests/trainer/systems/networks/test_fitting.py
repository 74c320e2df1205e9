"""Which epoch is kept, and what Ctrl-C does; with a model whose losses are given."""

import math
import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from core.errors import TrainingError
from trainer.progress import Epoch
from trainer.systems.networks.keras_setup import import_keras

if TYPE_CHECKING:
    from trainer.systems.networks.fitting import BestEpoch

pytestmark = pytest.mark.slow  # it imports TensorFlow


class Model:
    """Its weights are the number of its epoch, and it ends epochs as Keras does."""

    def __init__(self, *losses: float) -> None:
        self.losses, self.weights = losses, [-1]

    def get_weights(self) -> list[int]:
        return list(self.weights)

    def set_weights(self, weights: list[int]) -> None:
        self.weights = weights

    def fit(
        self, *, callbacks: Sequence[Any], initial_epoch: int, epochs: int, **data: Any
    ) -> None:
        for number in range(initial_epoch, epochs):
            self.weights = [number]
            logs = {"loss": 6.0, "val_precision_at_1": 0.5}
            if data.get("validation_data"):
                logs["val_loss"] = self.losses[number]
            for callback in callbacks:
                callback.set_model(self)
                callback.on_train_batch_end(0)
                callback.on_epoch_end(number, logs)


def fit(
    model: Model, *, validated: bool = True, stop_at: int = 0, keep_last: bool = False
) -> "BestEpoch":
    import_keras()
    from trainer.systems.networks.fitting import BestEpoch, fit_model

    def on_epoch(epoch: Epoch) -> None:
        if epoch.number == stop_at:
            raise KeyboardInterrupt

    best = BestEpoch(
        len(model.losses),
        on_batch=lambda: None,
        on_epoch=on_epoch,
        part="head",
        loss_scale=2.0,
        keep_last=keep_last,
    )
    fit_model(model, best, validation_data=[1] if validated else None)
    return best


def test_the_weights_of_the_lowest_loss_are_kept() -> None:
    model = Model(3.0, 1.0, math.nan, 2.0)
    best = fit(model)
    assert model.weights == [1]
    assert (best.lowest, best.interrupted) == (1.0, False)
    assert [(epoch.number, epoch.of, epoch.part) for epoch in best.ended[:2]] == [
        (1, 4, "head"),
        (2, 4, "head"),
    ]
    assert (best.ended[0].loss, best.ended[0].val_loss) == (3.0, 1.5)  # both are scaled


@pytest.mark.parametrize(
    ("losses", "kept", "loss"), [((3.0, 1.0, 2.0), 2, 2.0), ((1.0, 3.0, math.nan), 1, 3.0)]
)
def test_the_last_weights_whose_loss_is_a_number_are_kept_where_that_is_wanted(
    losses: tuple[float, ...], kept: int, loss: float
) -> None:
    model = Model(*losses)
    assert fit(model, keep_last=True).lowest == loss
    assert model.weights == [kept]


def test_without_a_validation_part_the_last_weights_stay() -> None:
    model = Model(1.0, 2.0)
    assert math.isnan(fit(model, validated=False).ended[0].val_loss)
    assert model.weights == [1]


def test_ctrl_c_keeps_the_best_so_far() -> None:
    model = Model(2.0, 3.0, 1.0)
    assert fit(model, stop_at=2).interrupted
    assert model.weights == [0]


def test_ctrl_c_without_a_validation_part_goes_up() -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(Model(2.0, 3.0), validated=False, stop_at=1)


def test_ctrl_c_before_a_loss_that_is_a_number_leaves_nothing_to_keep() -> None:
    best = fit(Model(math.nan, 1.0), stop_at=1)
    assert best.interrupted
    assert best.weights is None


def test_losses_that_are_never_numbers_are_an_error() -> None:
    with pytest.raises(TrainingError, match="its loss is not a number"):
        fit(Model(math.nan, math.nan))


class Fitting:
    """Fits a tiny model by Keras, four batches and four of validation an epoch, amid signals."""

    def __init__(self) -> None:
        keras = import_keras()
        from trainer.systems.networks.fitting import BestEpoch

        self.batches = self.validated = 0
        self.signals: dict[int, int] = {}  # how many Ctrl-C at which batch
        self.signals_validating: dict[int, int] = {}
        self.model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        self.model.compile("sgd", "mse")
        self.best = BestEpoch(9, on_batch=self.on_batch, on_epoch=lambda _: None)
        self.counter = keras.callbacks.LambdaCallback()
        self.counter.on_test_batch_end = lambda *_, **__: self.on_test_batch()

    def on_batch(self) -> None:
        self.batches += 1
        self.press(self.signals.get(self.batches, 0))

    def on_test_batch(self) -> None:
        self.validated += 1
        self.press(self.signals_validating.get(self.validated, 0))

    def press(self, times: int) -> None:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)

    def run(self) -> None:
        from trainer.systems.networks.fitting import fit_model

        x = np.ones((4, 1), np.float32)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            fit_model(
                self.model,
                self.best,
                callbacks=[self.counter],
                x=x,
                y=x,
                batch_size=1,
                validation_data=(x, x),
                validation_batch_size=1,
            )
        finally:
            signal.signal(signal.SIGINT, before)


def test_ctrl_c_waits_for_the_end_of_a_batch_and_an_epoch_cut_short_is_none() -> None:
    fitting = Fitting()
    fitting.signals[6] = 1  # amid the second epoch
    fitting.run()
    assert (fitting.batches, fitting.validated) == (6, 5)
    assert fitting.best.interrupted
    assert [epoch.number for epoch in fitting.best.ended] == [1]
    assert fitting.best.weights is not None
    for own, kept in zip(fitting.model.get_weights(), fitting.best.weights, strict=True):
        np.testing.assert_array_equal(own, kept)


def test_ctrl_c_waits_for_no_whole_validation() -> None:
    fitting = Fitting()
    fitting.signals_validating[6] = 1
    fitting.run()
    assert (fitting.batches, fitting.validated) == (8, 6)
    assert [epoch.number for epoch in fitting.best.ended] == [1]


def test_ctrl_c_twice_gives_the_training_up() -> None:
    fitting = Fitting()
    fitting.signals[6] = 2
    with pytest.raises(KeyboardInterrupt):
        fitting.run()
    assert not fitting.best.interrupted
