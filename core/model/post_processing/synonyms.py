"""What a model says of tags that its site has renamed since it was trained, or merged."""

from collections.abc import Mapping, Sequence

from core.model.post_processing.calibration import Probabilities


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
    if synonyms.keys().isdisjoint(labels):
        return tuple(labels), probabilities, thresholds
    columns: dict[str, list[int]] = {}  # by living tag
    for column, label in enumerate(labels):
        columns.setdefault(synonyms.get(label, label), []).append(column)
    first = [some[0] for some in columns.values()]
    joined, limits = probabilities[:, first], thresholds[first]
    for place, (tag, some) in enumerate(columns.items()):
        if len(some) > 1:
            joined[:, place] = probabilities[:, some].max(axis=1)
            own = [column for column in some if labels[column] == tag]
            limits[place] = thresholds[own or some].min()
    return tuple(columns), joined, limits
