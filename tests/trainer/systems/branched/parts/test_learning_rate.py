"""The learning rate of a part of the network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.systems.branched.parts.learning_rate import WarmUpCosine


@pytest.mark.slow
@pytest.mark.parametrize(("steps", "warm_up"), [(100, 10), (7, 0), (3, 2), (1, 0)])
def test_it_gives_the_numbers_of_keras(steps: int, warm_up: int) -> None:
    keras_own = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=0.002, warmup_steps=warm_up
    )
    ours = WarmUpCosine(0.002, steps, warm_up)
    for step in range(steps + 3):  # past the end it stays at zero
        assert float(ours(step)) == pytest.approx(float(keras_own(step)), rel=1e-5, abs=1e-9)
    assert float(ours(warm_up)) == pytest.approx(0.002)
    assert float(ours(steps)) == pytest.approx(0.0, abs=1e-9)


def test_without_a_warm_up_it_falls_from_the_first_step() -> None:
    rates = np.array([float(WarmUpCosine(1.0, 4, 0)(step)) for step in range(5)])
    assert rates == pytest.approx([1.0, 0.8535534, 0.5, 0.1464466, 0.0], abs=1e-6)


def test_its_graph_has_no_branch() -> None:
    traced = tf.function(WarmUpCosine(0.002, 100, 10)).get_concrete_function(
        tf.TensorSpec((), tf.int64)
    )
    kinds = {operation.type for operation in traced.graph.get_operations()}
    assert not kinds & {"If", "StatelessIf", "While", "StatelessWhile"}


def test_it_can_be_made_again_from_its_configuration() -> None:
    once = WarmUpCosine(0.002, 100, 10)
    again = WarmUpCosine.from_config(once.get_config())
    assert float(again(42)) == float(once(42))
