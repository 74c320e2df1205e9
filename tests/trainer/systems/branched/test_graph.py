"""How the branches become one graph."""

import numpy as np
import pytest

from core.model.calibration import sigmoid
from trainer.systems.branched import graph
from trainer.systems.branched.graph import Trunk
from trainer.systems.branched.hyperparameters import GraphHyperparameters
from trainer.systems.networks.keras_setup import import_keras

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

keras = import_keras()
HYPERPARAMETERS = GraphHyperparameters(hidden=4)
RNG = np.random.default_rng(1)
FEATURES, DOCUMENT = (RNG.normal(size=(5, size)).astype("float32") for size in (3, 2))


def test_a_scaled_head_gives_weighted_logits_of_the_first_tags_and_the_shift() -> None:
    head, labels = (graph.reader(2, tags, HYPERPARAMETERS) for tags in (6, 4))
    shift = np.array([1, 2, 3, 4], "float32")
    scaled = graph.scale_head(head, labels, 0.5, shift)
    expected = 0.5 * head(DOCUMENT).numpy()[:, :4] + shift
    np.testing.assert_allclose(scaled(DOCUMENT).numpy(), expected, atol=1e-5)


def test_the_whole_is_the_sigmoid_of_the_sum_with_each_label_in_its_place() -> None:
    """Terms speak to the first two of three labels."""
    inputs = {
        "features": keras.Input((3,), name="features"),
        "document": keras.Input((2,), name="document"),
        "terms": keras.Input((2,), dtype="int32", name="terms"),
        "terms_weights": keras.Input((2,), name="terms_weights"),
    }
    trunk = Trunk(inputs, inputs["features"], inputs["document"])
    conv = graph.conv_head(3, 3, HYPERPARAMETERS)
    reader = graph.reader(2, 3, HYPERPARAMETERS)
    table = np.array([[0, 0], [1, -1], [2, 3]], "float32")
    whole = graph.assemble(trunk, conv, [reader, reader], table, places=[2, 0, 1])
    ids = np.array([[1, 2], [2, 0], [0, 0], [1, 1], [2, 2]], "int32")
    weights = np.array([[1, 0.5], [1, 0], [0, 0], [0.5, 0.5], [1, 1]], "float32")
    terms = np.einsum("qt,qtl->ql", weights, table[ids])
    logits = conv(FEATURES).numpy().astype(float) + 2 * reader(DOCUMENT).numpy()
    logits[:, :2] += terms
    found = whole(
        {"features": FEATURES, "document": DOCUMENT, "terms": ids, "terms_weights": weights}
    )
    np.testing.assert_allclose(found.numpy(), sigmoid(logits)[:, [2, 0, 1]], rtol=1e-4)
