"""A network that has learned reads the names of its tags, where the validation part is for it."""

from dataclasses import replace

from trainer.data.dataset import Dataset
from trainer.scoring.names import fit_names
from trainer.systems.networks.network import Network


def use_names(network: Network, dataset: Dataset) -> Network:
    """Return a network with what tags' own names say, if that helps; else the same.

    Args:
        network: not calibrated yet.
        dataset: that it has learned.
    """
    before = network.predict_validation(dataset)
    names = fit_names(dataset, before)
    if names is None:
        return network
    told = names.told(before, network.calibration, dataset.corpus, dataset.split.validation)
    return replace(network, names=names, validation_probabilities=told)
