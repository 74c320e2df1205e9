"""How often intervals contain the truth: made-up sites, and test parts drawn from them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from core.model.post_processing.calibration import sigmoid
from trainer.scoring.intervals import Estimate, estimate
from trainer.scoring.metrics import METRICS, Floats, Scores

Method = Callable[[str, Floats], Estimate]


def made_up_site(questions: int, labels: int, *, calibrated: bool, seed: int = 0) -> Scores:
    """All questions of a site, and what a model says of them; few tags are frequent, most rare.

    Args:
        questions: how many.
        labels: the same; the least frequent has a thirtieth of the uses of the most frequent.
        calibrated: whether probabilities are what they say, or too sure.
        seed: of the random numbers.
    """
    dice = np.random.default_rng(seed)
    frequency = np.log(0.2 / np.linspace(1, 30, labels))
    skill = dice.uniform(1.5, 3, labels)
    logits = frequency - skill + skill * dice.normal(0, 1, (questions, labels))
    truth = sigmoid(logits)
    targets = (dice.random((questions, labels)) < truth).astype(np.uint8)
    probabilities = truth if calibrated else sigmoid(1.5 * logits)
    thresholds = np.full(labels, 0.35)
    return Scores(targets, probabilities, thresholds)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What became of the intervals of a metric.

    Attributes:
        truth: the metric over the whole site.
        covered: share of the test parts whose interval contains it.
        holds_estimate: share of them whose interval contains their own estimate.
        width: of the intervals, the mean.
    """

    truth: float
    covered: float
    holds_estimate: float
    width: float


def measure_coverage(
    site: Scores,
    *,
    questions: int,
    parts: int,
    method: Method = estimate,
    names: Iterable[str] = METRICS,
    seed: int = 0,
) -> dict[str, Coverage]:
    """Draw test parts from a site, and look whether their intervals contain the site's figures.

    Args:
        site: all of its questions.
        questions: of each test part, drawn with replacement.
        parts: how many are drawn.
        method: makes an interval.
        names: of METRICS.
        seed: of the draws.
    """
    dice = np.random.default_rng(seed)
    rows = dice.integers(0, len(site.targets), (parts, questions))
    found = {}
    for name in names:
        metric = METRICS[name]
        of_all = metric.parts(site)
        truth = float(metric.value(of_all.sum(axis=0)))
        estimates = [method(name, of_all[drawn]) for drawn in rows]
        found[name] = Coverage(
            truth,
            float(np.mean([one.low <= truth <= one.high for one in estimates])),
            float(np.mean([one.low <= one.value <= one.high for one in estimates])),
            float(np.mean([one.high - one.low for one in estimates])),
        )
    return found
