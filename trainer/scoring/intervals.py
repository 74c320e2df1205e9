"""How sure a metric is: 95% intervals over questions, each of which contains its estimate.

The standard error of any metric is the jackknife's over questions (Efron and Stein, 1981, Annals of
Statistics 9:586-596): what the metric is without each of them. So a question's tags, which go
together, stay together. Of the mean over questions that is the usual one, of F1 it is near the
delta method's, which Takahashi, Yamamoto, Kuchiba and Koyama (2022, "Confidence interval for
micro-averaged F1 and macro-averaged F1 scores", Applied Intelligence 52:4961-4972) give for
questions of one tag. The percentile bootstrap, which stood here before, is no good for macro-F1:
a resample misses rare tags and has the others' uses in fewer questions, so nearly all resamples
lie below the estimate.

- Macro-F1 itself is too low by chance where tags are rare: of one use that was missed F1 is 0, and
  no luck makes it more than 1. Its interval is put where it would be without that, and reaches to
  the estimate: see macro_f1_bias().
- A metric between 0 and 1 has Wilson's score interval (1927), with as many questions as would have
  that standard error (Korn and Graubard, 1998, Survey Methodology 24:193-201). It stays between 0
  and 1 and is sound near the ends, where estimate ± 2 standard errors is not.
- Log loss has no upper end; its interval is made on the scale of logarithms.
- The calibration error is a sum of distances, and so too large by chance: of a perfectly calibrated
  model, too, it is above 0 (Roelofs, Cain, Shlens and Mozer, 2022, "Mitigating bias in calibration
  error estimation", AISTATS). Its lower end makes up for that: see _distance_interval().

Coverage is measured by tests/trainer/scoring/test_intervals.py and benchmarks/models/intervals.py.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from trainer.scoring.metrics import METRICS, Floats, Metric, Scores, calibration_gaps

Value = Callable[[Floats], Floats]

LEVEL: Final = 0.95  # of every interval in a report
_DRAWS: Final = 1000  # of normal errors, for the calibration error
_ROUNDING: Final = 1e-9  # a smaller standard error is of sums of decimals
_REPEATS: Final = 200  # of the parametric bootstrap of macro-F1
_SHARED: Final = 0.25  # missed or wrong tags, added to each tag's
_PIECE: Final = 1000  # questions left out in turn: arrays of so many rows at a time


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric and the interval in which it would mostly lie on other questions like these."""

    value: float
    low: float
    high: float


def estimate_all(scores: Scores) -> dict[str, Estimate]:
    """Return every metric with its 95% interval.

        estimate_all(scores)["macro_f1"].low

    Args:
        scores: of the test part, at least one question.
    """
    return {name: estimate(name, metric.parts(scores)) for name, metric in METRICS.items()}


def estimate(name: str, parts: Floats) -> Estimate:
    """Return a metric with its 95% interval; of a single question the interval is all there can be.

    Args:
        name: of METRICS.
        parts: of that metric, shape (questions, columns).
    """
    metric = METRICS[name]
    value = float(metric.value(parts.sum(axis=0)))
    if len(parts) < 2:
        return Estimate(value, 0.0, metric.most)
    if name == "calibration_error":
        low, high = _distance_interval(calibration_gaps(parts))
    elif metric.most == 1:
        bias = macro_f1_bias(parts.sum(axis=0)) if name == "macro_f1" else 0.0
        centre = min(max(value - bias, 0.0), 1.0)
        low, high = _score_interval(centre, _standard_error(metric, parts), len(parts))
    else:
        low, high = _log_interval(value, _standard_error(metric, parts), len(parts))
    return Estimate(value, min(low, value), max(high, value))


def difference(value: Value, before: Floats, after: Floats, *, is_share: bool = True) -> Estimate:
    """Return by how much a figure is larger on the other parts, with its 95% interval.

    Of figures between 0 and 1 it is put together of both figures' score intervals and of how the
    two go together (Newcombe, 1998, Statistics in Medicine 17:2635-2650, method 10; Zou and Donner,
    2008, Statistics in Medicine 27:1693-1702), so it is sound for few questions too.

    Args:
        value: the figure of sums of parts, as a Metric's.
        before: parts of each question, shape (questions, columns).
        after: those of the same questions by another system, the same shape.
        is_share: whether the figure is between 0 and 1.
    """
    ends = [float(value(parts.sum(axis=0))) for parts in (before, after)]
    found, questions = ends[1] - ends[0], len(before)
    if np.array_equal(before, after):
        return Estimate(0.0, 0.0, 0.0)
    if questions < 2:
        return Estimate(found, *((-1.0, 1.0) if is_share else (-math.inf, math.inf)))
    left_out = [_left_out(value, parts) for parts in (before, after)]
    if not is_share:
        half = _quantile(questions) * _deviation(left_out[1] - left_out[0])
        return Estimate(found, found - half, found + half)
    return Estimate(found, *_put_together(ends, left_out))


def _put_together(values: Sequence[float], left_out: Sequence[Floats]) -> tuple[float, float]:
    """The interval of a difference of two shares of the same questions."""
    first, second = (
        (value - low, high - value)
        for value, (low, high) in (
            (value, _score_interval(value, _deviation(without), len(without)))
            for value, without in zip(values, left_out, strict=True)
        )
    )
    errors = [_deviation(without) for without in left_out]
    together = 0.0
    if min(errors) > _ROUNDING:
        together = float(np.asarray(np.corrcoef(np.stack(left_out)))[0, 1])

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(one**2 - 2 * together * one * other + other**2, 0.0))

    found = values[1] - values[0]
    return (
        max(found - reach(second[0], first[1]), -1.0),
        min(found + reach(second[1], first[0]), 1.0),
    )


def share(hits: int, of: int) -> Estimate:
    """Return a share with its 95% interval; of none, all that it can be.

    Args:
        hits: how many.
        of: of how many, each by itself.
    """
    if of < 2:
        return Estimate(hits / of if of else math.nan, 0.0, 1.0)
    return Estimate(hits / of, *_score_interval(hits / of, 0.0, of))


def _left_out(value: Value, parts: Floats) -> Floats:
    """A figure without each of the questions in turn: shape (questions,)."""
    total = parts.sum(axis=0)
    starts = range(0, len(parts), _PIECE)
    return np.concatenate([value(total - parts[start : start + _PIECE]) for start in starts])


def _deviation(left_out: Floats) -> float:
    """The jackknife's standard error of a figure, by what it is without each question."""
    return float(np.sqrt((len(left_out) - 1) * left_out.var()))


def _standard_error(metric: Metric, parts: Floats) -> float:
    return _deviation(_left_out(metric.value, parts))


def macro_f1_bias(sums: Floats) -> float:
    """Return by how much macro-F1 is expected to be off by chance, where tags are rare.

    By the parametric bootstrap (Efron and Tibshirani, 1993, "An Introduction to the Bootstrap",
    chapter 10): numbers of right, missed and wrong tags are drawn anew, for each tag by Poisson's
    distribution. Their means are what was counted, as if one more were shared out as among all
    tags: a tag of one use that was found would else be drawn as perfect for ever.

    Args:
        sums: of the parts of macro-F1, shape (3 · labels,).
    """
    found, predicted, own = np.split(sums, 3)
    occurs = own > 0
    found, both = found[occurs], (predicted + own)[occurs]
    if not found.size:
        return 0.0
    f1 = (2 * found + 2 * found.sum() / both.sum()) / (both + 1)
    right = f1 * both / 2
    missed, wrong = own[occurs] - found + _SHARED, predicted[occurs] - found + _SHARED
    mistakes = (both - 2 * right) / (missed + wrong)
    dice = np.random.default_rng(0)
    shape = (_REPEATS, len(found))
    right_drawn, missed_drawn, wrong_drawn = (
        dice.poisson(mean, shape) for mean in (right, missed * mistakes, wrong * mistakes)
    )
    seen = right_drawn + missed_drawn > 0
    drawn = 2 * right_drawn / np.maximum(2 * right_drawn + missed_drawn + wrong_drawn, 1)
    often = seen.mean(axis=0)
    total = max(float(often.sum()), 1 / _REPEATS)
    return float((drawn * seen).mean(axis=0).sum() / total - (f1 * often).sum() / total)


def _score_interval(value: float, error: float, questions: int) -> tuple[float, float]:
    """Wilson's, of as many questions as would have that standard error were each right or wrong.

    Where all questions are alike, and the standard error 0, they are as many as they are.
    """
    alike = error < _ROUNDING or not 0 < value < 1
    effective = questions if alike else value * (1 - value) / error**2
    square = _quantile(questions) ** 2
    centre = (value + square / (2 * effective)) / (1 + square / effective)
    spread = square * (value * (1 - value) / effective + square / (4 * effective**2))
    half = float(np.sqrt(spread)) / (1 + square / effective)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _log_interval(value: float, error: float, questions: int) -> tuple[float, float]:
    """Of a positive number, symmetrical on the scale of logarithms (the delta method)."""
    factor = float(np.exp(_quantile(questions) * error / value)) if value > 0 else 1.0
    return value / factor, value * factor


def _distance_interval(gaps: Floats) -> tuple[float, float]:
    """Of the sum of a mean's distances from 0, column by column, which chance makes too large.

    By the bootstrap for functions that have a derivative in each direction only (Fang and Santos,
    2019, Review of Economic Studies 86:377-412), with normal errors. Where a column's mean is
    farther from 0 than chance explains, an error adds to its distance or takes from it; elsewhere
    the truth may be 0, and every error adds. "Explains" is sqrt(ln n) standard errors (Andrews and
    Soares, 2010, Econometrica 78:119-157). For the upper end the truth is 0 nowhere, since there
    that would be the bolder guess.

    Args:
        gaps: of each question, shape (questions, columns).
    """
    questions = len(gaps)
    mean, covariance = gaps.mean(axis=0), np.cov(gaps, rowvar=False) / questions
    errors = np.random.default_rng(0).multivariate_normal(
        np.zeros(len(mean)), covariance, size=_DRAWS, method="eigh"
    )
    clear = np.abs(mean) > np.sqrt(np.log(questions) * np.diag(covariance))
    signed = np.sign(mean) * errors
    too_large = np.quantile(np.where(clear, signed, np.abs(errors)).sum(axis=1), (1 + LEVEL) / 2)
    too_small = np.quantile(signed.sum(axis=1), (1 - LEVEL) / 2)
    value = float(np.abs(mean).sum())
    return max(value - float(too_large), 0.0), min(value - float(too_small), 1.0)


def _quantile(questions: int) -> float:
    """How many standard errors an interval reaches to either side: Student's quantile.

    By its expansion (Abramowitz and Stegun, 1964, 26.7.5), exact to .001 from ten questions on.
    """
    z, degrees = NormalDist().inv_cdf((1 + LEVEL) / 2), questions - 1
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3
