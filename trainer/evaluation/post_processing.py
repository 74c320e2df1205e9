"""What is made of a fitted network's probabilities, learned where the validation part is for it."""

from dataclasses import replace

from core.model.post_processing.rivals import Rivals
from core.model.post_processing.steps import PostProcessing
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.scoring.metrics import Floats
from trainer.scoring.names import FittedNames, fit_names
from trainer.scoring.rivals import choose_rivals
from trainer.systems.networks.network import Network


def add_post_processing(network: Network, dataset: Dataset) -> Network:
    """Return a network with names of tags and rivals, each if it helps.

    Args:
        network: not calibrated yet.
        dataset: that it has learned.
    """
    rows, before = network.validation_rows(dataset), network.predict_validation(dataset)
    names, rivals, told = fit_post_processing(dataset, rows, before)
    return replace(network, names=names, rivals=rivals, validation_probabilities=told)


def fit_post_processing(
    dataset: Dataset, rows: Rows, before: Floats
) -> tuple[FittedNames | None, Rivals | None, Floats]:
    """Learn names of tags, and then rivals; None of either where it makes nothing better.

    Args:
        dataset: what was learned.
        rows: of its corpus, that were not.
        before: a network's probabilities for them, (rows, labels).

    Returns:
        Names, rivals, and the probabilities with both, before calibration.
    """
    names = fit_names(dataset, rows, before)
    named = None if names is None else names.find(dataset.corpus, rows)
    weights = None if names is None else names.weights
    rivals = choose_rivals(dataset.targets[rows], PostProcessing(weights).apply(before, named))
    return names, rivals, PostProcessing(weights, rivals).apply(before, named)
