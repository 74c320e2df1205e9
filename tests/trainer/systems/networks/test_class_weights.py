import numpy as np
import pytest

from trainer.systems.networks.class_weights import class_weights, weighted_binary_crossentropy

TARGETS = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [1, 1, 0]], np.uint8)


def test_a_label_weighs_inversely_to_its_count() -> None:
    weights = class_weights(TARGETS)
    assert weights[1] / weights[0] == pytest.approx(2)
    assert weights.mean() == pytest.approx(1)


def test_a_label_that_never_occurs_weighs_as_one_that_occurs_once() -> None:
    assert class_weights(TARGETS)[2] / class_weights(TARGETS)[0] == pytest.approx(4)


@pytest.mark.slow
def test_the_loss_multiplies_each_labels_cross_entropy() -> None:
    from trainer.systems.networks.keras_setup import import_keras

    import_keras()
    weights = np.array([0.5, 1.0, 1.5], np.float32)
    p = np.array([[0.9, 0.2, 0.4], [0.3, 0.5, 0.1]], np.float32)
    targets = TARGETS[:2].astype(np.float32)
    cells = -(targets * np.log(p) + (1 - targets) * np.log(1 - p))
    loss = np.asarray(weighted_binary_crossentropy(weights)(targets, p))
    np.testing.assert_allclose(loss, (cells * weights).mean(axis=1), rtol=1e-4)
