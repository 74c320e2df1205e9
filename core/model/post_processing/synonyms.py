"""What a model says of tags that its site has renamed since it was trained, or merged."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.model.post_processing.calibration import Probabilities
from core.questions.tags.synonyms import relabel


def join_synonyms(
    labels: Sequence[str],
    probabilities: Probabilities,
    thresholds: Probabilities,
    synonyms: Mapping[str, str],
) -> tuple[tuple[str, ...], Probabilities, Probabilities]:
    """Take a model's dead labels for the living ones that they stand for.

    As the live agreement does (`core/agreement/scores.py`): a living tag gets the highest of the
    probabilities. Its threshold is its own or, where the model knows it by a dead name alone, that
    one's.

    Args:
        labels: the model's.
        probabilities: shape (rows, labels).
        thresholds: shape (labels,).
        synonyms: by dead tag, the living one.
    """
    living = relabel(labels, synonyms)
    if living == tuple(labels):
        return living, probabilities, thresholds
    places = {label: place for place, label in enumerate(living)}
    joined = np.zeros((len(probabilities), len(living)))
    limits = np.zeros(len(living))
    dead_first = sorted(range(len(labels)), key=lambda column: labels[column] not in synonyms)
    for column in dead_first:
        place = places[synonyms.get(labels[column], labels[column])]
        joined[:, place] = np.maximum(joined[:, place], probabilities[:, column])
        limits[place] = thresholds[column]
    return living, joined, limits
