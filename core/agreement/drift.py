"""Drift: a live version's agreement with authors has dropped by more than chance explains.

The test is the generalised likelihood ratio of a Bernoulli change point (Besson, Kaufmann, Maillard
and Seznec, "Efficient change-point detection for tackling piecewise-stationary bandits", Journal of
Machine Learning Research 23, 2022). Its threshold grows with the number of questions so that one
false alarm is as improbable however often one looks and wherever one splits: an hourly look needs
no correction. It holds for any measure between 0 and 1, so for recall too.

The questions of one day resemble each other more than those of different days. Each count is
therefore divided by its design effect, 1 + (mean size of a day - 1) · RHO (Rao and Scott, "A simple
method for the analysis of clustered binary data", Biometrics 48, 1992).
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from math import log as ln
from math import sqrt
from operator import attrgetter

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.agreement.live import DayAgreement, daily_agreement
from core.agreement.scores import Agreement
from core.database.engine import dialect_insert
from core.database.tables import Drift, ModelVersion

log = logging.getLogger(__name__)

FALSE_ALARM = 0.01  # probability that a measure of a version that keeps its level is ever reported
SMALLEST_DROP = 0.05  # of a share between 0 and 1; less is nobody's concern
RECENT_QUESTIONS = 50  # what a drop is told from, at least
REFERENCE_QUESTIONS = 200  # what it is told against, at least

# Correlation of the questions of one day. Measured with a linear model that learned from the older
# half of a site's questions, on the newer half in blocks of 20 to 200 (cooking, crypto, robotics):
# below .007 from one block to the next, and up to .01 with the waves of all the years.
RHO = 0.01

_MEASURES = (attrgetter("precision_at_1"), attrgetter("recall_at_5"))


@dataclass(frozen=True, slots=True)
class Drop:
    """How far the agreement has dropped.

    Attributes:
        since: the first day of the recent ones.
        recent: the agreement from that day on.
        before: what it is compared with.
        holdout: whether that is the agreement on the questions held out when the version was
            trained; otherwise it is that of the version's own earlier days.
    """

    since: date
    recent: Agreement
    before: Agreement
    holdout: bool

    def __str__(self) -> str:
        reference = "held-out questions" if self.holdout else "questions before"
        return (
            f"precision@1 (all tags) {self.recent.precision_at_1:.2f} "
            f"and recall@5 (all tags) {self.recent.recall_at_5:.2f} "
            f"on {self.recent.questions:,} questions since {self.since:%Y-%m-%d}, "
            f"where they were {self.before.precision_at_1:.2f} "
            f"and {self.before.recall_at_5:.2f} on {self.before.questions:,} {reference}"
        )


@dataclass(frozen=True, slots=True)
class FoundDrift:
    """Drift of a live version, as it was reported."""

    site: str
    version: int
    found_at: datetime
    description: str


def find_new_drifts(connection: Connection, *, now: datetime) -> list[FoundDrift]:
    """Look for drift of the live versions, and keep what is found; commits nothing.

    A version whose figures cannot be reckoned with is one line in the log.

    Returns:
        What was not known before: of each version once, whoever looks.
    """
    unreported = ModelVersion.live & ModelVersion.id.not_in(select(Drift.model_version_id))
    versions = select(
        ModelVersion.id, ModelVersion.site, ModelVersion.version, ModelVersion.metrics
    ).where(unreported)
    found: list[FoundDrift] = []
    for row in connection.execute(versions.order_by(ModelVersion.site)).all():
        days = daily_agreement(connection, model_version_id=row.id)
        try:
            drop = find_drop(days, holdout_agreement(row.metrics))
        except (ArithmeticError, ValueError) as error:
            log.error("%s: no look at the drift of version %d: %s", row.site, row.version, error)  # noqa: TRY400 (one line)
            continue
        if drop is not None and _keep(connection, row.id, drop, now=now):
            found.append(FoundDrift(row.site, row.version, now, str(drop)))
    return found


def _keep(connection: Connection, model_version_id: int, drop: Drop, *, now: datetime) -> bool:
    insert = dialect_insert(connection, Drift).values(
        model_version_id=model_version_id, found_at=now, description=str(drop)
    )
    statement = insert.on_conflict_do_nothing().returning(Drift.model_version_id)
    return connection.execute(statement).one_or_none() is not None


def live_drifts(connection: Connection) -> list[FoundDrift]:
    """Return the drifts of the versions that are live now."""
    statement = (
        select(ModelVersion.site, ModelVersion.version, Drift.found_at, Drift.description)
        .join(ModelVersion, ModelVersion.id == Drift.model_version_id)
        .where(ModelVersion.live)
        .order_by(ModelVersion.site)
    )
    return [FoundDrift(*row) for row in connection.execute(statement)]


def holdout_agreement(metrics: Mapping[str, object]) -> Agreement:
    """The agreement on all held-out questions with author tags, as a version's metrics have it.

    Of no question where they say nothing of it, as those of versions of older programs, or
    nothing that can be: an imported version's are a stranger's.
    """
    figures: list[float] = []
    for name, most in _HOLDOUT.items():
        number = metrics.get(f"agreement_{name}")
        if not isinstance(number, int | float) or not 0 <= number <= most:
            return Agreement()
        figures.append(float(number))
    questions, precision, recall = figures
    return Agreement(round(questions), round(questions * precision), questions * recall)


# What a figure can be at most; the largest site has some 25 million questions.
_HOLDOUT = {"questions": 1_000_000_000, "precision_at_1": 1, "recall_at_5": 1}


def find_drop(days: Sequence[DayAgreement], holdout: Agreement) -> Drop | None:
    """Find the split of a version's days into recent and earlier ones that shows a drop best.

    The earlier days are the reference where they hold enough questions, otherwise what the version
    did on held-out ones.

    Args:
        days: of one version, the newest last.
        holdout: of the questions held out at its training.

    Returns:
        The drop; None where no split shows one that is beyond chance and large enough to matter.
    """
    drops = [(max(evidence), drop) for drop, evidence in _splits(days, holdout) if evidence]
    return max(drops, key=lambda item: item[0])[1] if drops else None


def _splits(days: Sequence[DayAgreement], holdout: Agreement) -> Iterator[tuple[Drop, list[float]]]:
    """Each split, and by how much the evidence of each measure that dropped exceeds chance."""
    none = _Days(Agreement(), 0)
    sizes = [_Days(day.agreement, day.agreement.questions**2) for day in days]
    earlier = list(accumulate(sizes, initial=none))
    recent = list(accumulate(reversed(sizes), initial=none))[::-1]
    for day, before, after in zip(days, earlier[:-1], recent[:-1], strict=True):
        own = before.agreement.questions >= REFERENCE_QUESTIONS
        # Held-out questions came on days like the recent ones.
        effect = before.design_effect() if own else after.design_effect()
        reference = before.agreement if own else holdout
        if after.agreement.questions < RECENT_QUESTIONS:
            continue
        if reference.questions < REFERENCE_QUESTIONS:
            continue
        sample = (reference.questions / effect, after.agreement.questions / after.design_effect())
        means = [(measure(reference), measure(after.agreement)) for measure in _MEASURES]
        evidence = [
            _evidence(*sample, *pair) for pair in means if pair[0] - pair[1] >= SMALLEST_DROP
        ]
        drop = Drop(day.day, after.agreement, reference, holdout=not own)
        yield drop, [excess for excess in evidence if excess > 0]


@dataclass(frozen=True, slots=True)
class _Days:
    """Days taken together.

    Attributes:
        agreement: over all of them.
        squares: the sum of the squares of their numbers of questions.
    """

    agreement: Agreement
    squares: int

    def __add__(self, other: "_Days") -> "_Days":
        return _Days(self.agreement + other.agreement, self.squares + other.squares)

    def design_effect(self) -> float:
        """How many questions of these days tell as much as one by itself."""
        if not self.agreement.questions:
            return 1.0
        return 1 + (self.squares / self.agreement.questions - 1) * RHO


def _evidence(before: float, recent: float, before_mean: float, recent_mean: float) -> float:
    """The logarithm of the likelihood ratio, less the threshold that chance hardly exceeds.

    Args:
        before: number of questions of the reference, as if independent.
        recent: likewise, of the recent days.
        before_mean: mean of a measure over the reference.
        recent_mean: likewise, over the recent days.
    """
    total = before + recent
    mean = (before * before_mean + recent * recent_mean) / total
    ratio = before * _divergence(before_mean, mean) + recent * _divergence(recent_mean, mean)
    return ratio - ln(3 * total * sqrt(total) / FALSE_ALARM)


def _divergence(p: float, q: float) -> float:
    """Kullback and Leibler's, of Bernoulli distributions."""
    return sum(a * ln(a / b) for a, b in ((p, q), (1 - p, 1 - q)) if a > 0)
