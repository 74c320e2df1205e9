"""The article's simple network."""

import pytest

from tests.trainer.systems.layers import layers
from trainer.systems.networks.keras_setup import import_keras

TAGS = 6  # of the made-up site


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_the_simple_network_is_the_articles() -> None:
    import_keras()
    assert layers("simple") == [
        ("Embedding", 5000 * 20),
        ("Dropout", 0),
        ("GlobalMaxPooling1D", 0),
        ("Dense", 20 * TAGS + TAGS),
    ]
