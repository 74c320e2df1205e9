"""What is made of a fitted network's probabilities, learned where the validation part is for it."""

from dataclasses import replace

from core.model.post_processing.steps import PostProcessing
from trainer.data.dataset import Dataset
from trainer.scoring.names import fit_names
from trainer.scoring.rivals import choose_rivals
from trainer.systems.networks.network import Network


def add_post_processing(network: Network, dataset: Dataset) -> Network:
    """Return a network with names of tags and rivals, each if it helps.

    Args:
        network: not calibrated yet.
        dataset: that it has learned.
    """
    rows, before = network.validation_rows(dataset), network.predict_validation(dataset)
    names = fit_names(dataset, rows, before)
    named = None if names is None else names.find(dataset.corpus, rows)
    weights = None if names is None else names.weights
    targets = dataset.targets[rows]
    rivals = choose_rivals(targets, PostProcessing(weights).apply(before, named))
    told = PostProcessing(weights, rivals).apply(before, named)
    return replace(network, names=names, rivals=rivals, validation_probabilities=told)
