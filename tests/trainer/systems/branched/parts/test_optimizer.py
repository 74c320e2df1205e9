"""AdamW that changes of a table only the rows that a batch holds."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.systems.branched.parts.optimizer import TableAdamW

RATE, DECAY = 0.01, 0.1


def table(rows: int = 4) -> Any:
    layer = keras.layers.Embedding(rows, 2, "ones")
    layer.build()
    return layer.embeddings


def gradient_of(variable: Any, ids: list[int], scale: float = 1.0) -> Any:
    """That of the sum of a table's rows, each as often as its id stands there."""
    with tf.GradientTape() as tape:
        loss = scale * tf.reduce_sum(tf.gather(variable.value, ids))
    return tape.gradient(loss, variable.value)


def test_rows_that_no_question_holds_stay_as_they_are_later_too() -> None:
    words = table()
    optimizer = TableAdamW(RATE, DECAY)
    for ids in ([1, 1, 2], [2]):
        gradient = gradient_of(words, ids)
        assert isinstance(gradient, tf.IndexedSlices)
        optimizer.apply([gradient], [words])
    moved = words.numpy()
    assert (moved[[0, 3]] == 1).all()  # not decayed either
    assert moved[1] == pytest.approx(1 - RATE, abs=1e-5)
    assert moved[2] == pytest.approx(1 - 2 * RATE, abs=1e-5)


def test_a_row_that_is_seen_late_and_once_moves_as_far_as_by_adam_in_the_end() -> None:
    """Adam's momentum goes on to move it for some dozens of steps; here it is one step."""
    ours, keras_own = table(), table()
    optimizers = [
        (TableAdamW(RATE, 0.0), ours),
        (keras.optimizers.Adam(RATE), keras_own),
    ]
    for optimizer, words in optimizers:
        for step in range(200):
            optimizer.apply([gradient_of(words, [3] if step == 100 else [0])], [words])
    far = 1 - ours.numpy()[3]
    assert far == pytest.approx(1 - keras_own.numpy()[3], rel=0.1)
    assert far == pytest.approx(RATE / np.sqrt(0.001 / (1 - 0.999**101)), rel=1e-3)


def test_a_word_that_stands_there_twice_has_the_sum_of_its_gradients() -> None:
    often, once = table(), table()
    for words, gradients in (
        (often, ([0, 0], [0, 0, 0, 0])),
        (once, ([0], [0])),
    ):
        optimizer = TableAdamW(RATE, DECAY)
        for ids, scale in zip(gradients, (1.0, 1.0) if words is often else (2.0, 4.0), strict=True):
            optimizer.apply([gradient_of(words, ids, scale)], [words])
    np.testing.assert_array_equal(often.numpy(), once.numpy())


def test_what_is_no_table_is_fitted_as_by_adamw() -> None:
    ours, keras_own = (keras.Variable(np.ones((3, 2), np.float32)) for _ in range(2))
    for optimizer, variable in (
        (TableAdamW(RATE, DECAY), ours),
        (keras.optimizers.AdamW(RATE, weight_decay=DECAY), keras_own),
    ):
        for step in range(3):
            optimizer.apply([tf.constant(np.full((3, 2), step + 1.0, np.float32))], [variable])
    np.testing.assert_array_equal(ours.numpy(), keras_own.numpy())
    assert (ours.numpy() < 1).all()
