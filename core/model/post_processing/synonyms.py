"""What a model says of tags that its site has renamed since it was trained, or merged."""

from collections.abc import Mapping, Sequence

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
    probabilities. Its threshold is its own or, where the model knows it by dead names alone, the
    lowest of theirs.

    Args:
        labels: the model's.
        probabilities: shape (rows, labels).
        thresholds: shape (labels,).
        synonyms: by dead tag, the living one.
    """
    living = relabel(labels, synonyms)
    if living == tuple(labels):
        return living, probabilities, thresholds
    columns: dict[str, list[int]] = {}  # by living tag, its own column before those of dead ones
    dead_last = sorted(range(len(labels)), key=lambda column: labels[column] in synonyms)
    for column in dead_last:
        columns.setdefault(synonyms.get(labels[column], labels[column]), []).append(column)
    first = [columns[tag][0] for tag in living]
    joined, limits = probabilities[:, first], thresholds[first]
    for place, tag in enumerate(living):
        if len(columns[tag]) > 1:
            joined[:, place] = probabilities[:, columns[tag]].max(axis=1)
            if labels[first[place]] in synonyms:
                limits[place] = thresholds[columns[tag]].min()
    return living, joined, limits
