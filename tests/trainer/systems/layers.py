"""The layers of a fitted network, for tests of what it is made of."""

from tests.trainer.made_up import made_up_dataset
from trainer.progress import ProgressReporter
from trainer.systems import ARCHITECTURES
from trainer.systems.networks.network import Network


def layers(name: str) -> list[tuple[str, int]]:
    """(kind, parameters) of each layer after the input."""
    network = ARCHITECTURES[name](epochs=1).fit(
        made_up_dataset(100), seed=0, reporter=ProgressReporter()
    )
    assert isinstance(network, Network)
    return [(type(layer).__name__, layer.count_params()) for layer in network.keras.layers[1:]]
