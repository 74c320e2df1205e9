"""How well an author's tags and a model's probabilities go together, question by question.

Two numbers order what is worth a reviewer's time:

- The *uncertainty*: how many tags a cut at .5 would get wrong, as the probabilities expect it.
- The *label quality* of the author's tags, between 0 and 1, the worst first: the score of
  Thyagarajan, Snorrason, Northcutt and Mueller, "Identifying Incorrect Annotations in Multi-Label
  Classification Data" (2022, arXiv:2211.13895), with its defaults. Of each label, the probability
  of what the author said: p where the tag is given, else 1 - p. Those are sorted, the best first,
  and an exponential moving average runs over them, so that the worst ones weigh most.

Of a prediction the ten most probable tags are kept; a label outside of them counts as one of
probability 0. An author's tags that the model has no label for are no evidence, and left out.
"""

from collections.abc import Collection, Mapping
from typing import Final

ALPHA: Final = 0.8  # of the moving average: the share of the newest, that is the worse, score


def uncertainty(probabilities: Collection[float]) -> float:
    """The expected number of wrong tags, where those above .5 are taken.

    uncertainty([0.5, 0.9])  # .6
    """
    return sum(min(p, 1 - p) for p in probabilities)


def label_quality(
    author_tags: Collection[str], probabilities: Mapping[str, float], labels: Collection[str]
) -> float:
    """The label-quality score of an author's tags.

    Args:
        author_tags: as the author set them.
        probabilities: of the tags that are kept of the prediction.
        labels: all that the model knows; at least one.
    """
    given = set(author_tags) & set(labels)
    kept = set(probabilities) | given
    scores = [_self_confidence(probabilities.get(tag, 0.0), tag in given) for tag in kept]
    scores.sort(reverse=True)
    # All others are absent and improbable: as many ones in front, and an average of ones is one.
    has_others = len(kept) < len(labels)
    average = 1.0 if has_others or not scores else scores[0]
    for score in scores:
        average = ALPHA * score + (1 - ALPHA) * average
    return average


def _self_confidence(probability: float, is_given: bool) -> float:
    return probability if is_given else 1 - probability
