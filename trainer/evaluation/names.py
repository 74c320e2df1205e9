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
    before, rows = network.predict_validation(dataset), network.validation_rows(dataset)
    names = fit_names(dataset, rows, before)
    if names is None:
        return network
    told = names.told(before, network.calibration, dataset.corpus, rows)
    return replace(network, names=names, validation_probabilities=told)
