"""Two versions on the same questions: what changed, for which tags, in which predictions.

Both are asked for all tags of the authors, so that versions of different tags compare. Every
difference has its 95% interval, which contains it (see trainer/scoring/intervals.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.model.predictor import MAX_SUGGESTIONS
from trainer.scoring.intervals import Estimate, difference
from trainer.scoring.metrics import METRICS, Floats, Scores, ndcg
from trainer.scoring.thresholds import NEVER
from trainer.versions.judged import Asked, Judged

Value = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of both versions.

    Attributes:
        name: of the figure, or the tag.
        before: of the first version.
        after: of the second.
        difference: after - before, with its 95% interval.
        questions: that have the tag; all where it is no tag's.
    """

    name: str
    before: float
    after: float
    difference: Estimate
    questions: int

    @property
    def is_sure(self) -> bool:
        """Whether the interval is on one side of 0."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What each version suggests for a question, the most probable first."""

    question: Asked
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def gained(self) -> int:
        """How many more of the author's tags the second one suggests, less what is wrong of it."""
        own = set(self.question.tags)

        def balance(tags: tuple[str, ...]) -> int:
            return 2 * len(own.intersection(tags)) - len(tags)

        return balance(self.after) - balance(self.before)


@dataclass(frozen=True, slots=True)
class VersionsCompared:
    """What changed from one version to another.

    Attributes:
        figures: over all questions.
        tags: F1 of each tag that both know and a question has, the largest differences first.
        new_tags: that only the second knows.
        gone_tags: that only the first knows.
        changed: questions for which they suggest different tags, the largest gains first.
        questions: that both were judged on.
    """

    figures: list[Change]
    tags: list[Change]
    new_tags: tuple[str, ...]
    gone_tags: tuple[str, ...]
    changed: list[Suggestions]
    questions: int


def compare_versions(judged: Judged) -> VersionsCompared:
    """Compare the two versions of what was judged."""
    first, second = (judged.evaluated(place) for place in (0, 1))
    labels = tuple(sorted({*first.labels, *second.labels}))
    scores = [_over(labels, one.labels, one.scores) for one in (first, second)]
    targets = np.maximum(scores[0].targets, scores[1].targets)
    before, after = (Scores(targets, one.probabilities, one.thresholds) for one in scores)
    tags = judged.tag_counts
    return VersionsCompared(
        figures=[_figure(name, before, after, tags) for name in FIGURES],
        tags=_tags(labels, set(first.labels) & set(second.labels), before, after),
        new_tags=tuple(sorted(set(second.labels) - set(first.labels))),
        gone_tags=tuple(sorted(set(first.labels) - set(second.labels))),
        changed=_changed(judged.questions, labels, before, after),
        questions=len(judged.questions),
    )


def _over(labels: tuple[str, ...], own: tuple[str, ...], scores: Scores) -> Scores:
    """The same scores over more labels; what a version does not know it never suggests."""
    places = np.searchsorted(np.array(labels), np.array(own))
    shape = (len(scores.targets), len(labels))
    targets, probabilities = np.zeros(shape, np.uint8), np.zeros(shape)
    thresholds = np.full(len(labels), NEVER)
    targets[:, places], probabilities[:, places] = scores.targets, scores.probabilities
    thresholds[places] = scores.thresholds
    return Scores(targets, probabilities, thresholds)


def suggested(scores: Scores) -> npt.NDArray[np.bool_]:
    """Which tags are suggested: those that reach their thresholds, five at most."""
    order = np.argsort(-scores.probabilities, axis=1, kind="stable")
    reached = np.take_along_axis(scores.predicted, order, axis=1)
    kept = reached & (reached.cumsum(axis=1) <= MAX_SUGGESTIONS)
    found = np.zeros_like(kept)
    np.put_along_axis(found, order, kept, axis=1)
    return found


def _suggestion_parts(scores: Scores, tags: npt.NDArray[np.int64]) -> Floats:
    """For each question: right suggestions, suggestions, tags, 1."""
    shown = suggested(scores)
    right = (shown & (scores.targets == 1)).sum(axis=1)
    return np.column_stack([right, shown.sum(axis=1), tags, np.ones(len(tags))]).astype(np.float64)


def _of(values: Floats) -> Floats:
    return np.column_stack([values, np.ones(len(values))])


def _ratio(part: int, whole: int) -> Value:
    return lambda sums: np.asarray(sums[..., part] / np.maximum(sums[..., whole], 1))


def _f1(sums: Floats) -> Floats:
    return np.asarray(2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1))


Parts = Callable[[Scores, npt.NDArray[np.int64]], Floats]
SUGGESTIONS: Final = "suggestions of a question"
FIGURES: Final[Mapping[str, tuple[Parts, Value]]] = {
    "nDCG@5 (all tags)": (lambda s, tags: _of(ndcg(s, tags, k=5)), _ratio(0, 1)),
    "precision@1 (all tags)": (
        lambda s, _: METRICS["precision_at_1"].parts(s),
        METRICS["precision_at_1"].value,
    ),
    "recall@5 (all tags)": (
        lambda s, tags: _of(np.asarray(s.hits[:, :5].sum(axis=1) / tags)),
        _ratio(0, 1),
    ),
    "precision of suggestions": (_suggestion_parts, _ratio(0, 1)),
    "recall of suggestions (all tags)": (_suggestion_parts, _ratio(0, 2)),
    "micro-F1 of suggestions (all tags)": (_suggestion_parts, _f1),
    SUGGESTIONS: (_suggestion_parts, _ratio(1, 3)),
    "without a suggestion": (
        lambda s, _: _of(np.asarray(~s.predicted.any(axis=1), np.float64)),
        _ratio(0, 1),
    ),
}


def _figure(name: str, before: Scores, after: Scores, tags: npt.NDArray[np.int64]) -> Change:
    parts, value = FIGURES[name]
    first, second = parts(before, tags), parts(after, tags)
    ends = [float(value(one.sum(axis=0))) for one in (first, second)]
    is_share = name != SUGGESTIONS
    found = difference(value, first, second, is_share=is_share)
    return Change(name, ends[0], ends[1], found, len(tags))


def _tags(labels: tuple[str, ...], known: set[str], before: Scores, after: Scores) -> list[Change]:
    """F1 of the suggestions, of each tag that both know and a question has."""
    shown = [suggested(one) for one in (before, after)]
    found = []
    for place, tag in enumerate(labels):
        own = before.targets[:, place] == 1
        if tag not in known or not own.any():
            continue
        parts = [
            np.column_stack([one[:, place] & own, one[:, place], own]).astype(np.float64)
            for one in shown
        ]
        ends = [float(_f1(one.sum(axis=0))) for one in parts]
        touched = np.any([one.any(axis=1) for one in parts], axis=0)  # the others tell nothing
        found.append(
            Change(
                tag,
                ends[0],
                ends[1],
                difference(_f1, parts[0][touched], parts[1][touched]),
                int(own.sum()),
            )
        )
    return sorted(found, key=lambda one: (-abs(one.difference.value), one.name))


def _changed(
    questions: list[Asked], labels: tuple[str, ...], before: Scores, after: Scores
) -> list[Suggestions]:
    shown = [suggested(one) for one in (before, after)]
    rows = np.flatnonzero((shown[0] != shown[1]).any(axis=1))

    def ranked(scores: Scores, kept: npt.NDArray[np.bool_], row: int) -> tuple[str, ...]:
        places = np.flatnonzero(kept[row])
        order = np.argsort(-scores.probabilities[row, places], kind="stable")
        return tuple(labels[place] for place in places[order])

    found = [
        Suggestions(questions[row], ranked(before, shown[0], row), ranked(after, shown[1], row))
        for row in rows.tolist()
    ]
    return sorted(found, key=lambda one: (-one.gained, one.question.question_id))
