"""A comparison from its questions to its rows."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from weakref import ReferenceType, ref

import pytest

from core.errors import NotEnoughQuestions
from core.model.tokenizer import TextSettings
from tests.trainer.made_up import labelled, made_up_questions
from tests.trainer.systems.test_mean import Constant
from trainer.compare.run import CompareOptions, Comparison, Source, compare_systems
from trainer.data.corpus import LabelledQuestion
from trainer.data.dataset import Dataset
from trainer.progress import ProgressReporter
from trainer.systems.base import System, Tagger
from trainer.systems.linear import LinearSVM
from trainer.systems.mean import WeightedMean

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

OPTIONS = CompareOptions(min_questions=50)


def fruit(count: int = 200) -> Source:
    def questions() -> Iterator[LabelledQuestion]:
        return map(labelled, made_up_questions(count))

    return Source("fruit", questions)


@dataclass(frozen=True)
class Failing(System):
    name: ClassVar[str] = "failing"
    text: ClassVar[TextSettings] = TextSettings()

    def fit(self, dataset: Dataset, *, seed: int, reporter: ProgressReporter) -> Tagger:  # noqa: ARG002
        raise ValueError("no such luck")


@dataclass(frozen=True)
class Interrupted(System):
    """Is stopped by Ctrl-C, and goes on with what it has, as networks do."""

    name: ClassVar[str] = "interrupted"
    text: ClassVar[TextSettings] = TextSettings()

    def fit(self, dataset: Dataset, *, seed: int, reporter: ProgressReporter) -> Tagger:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            return LinearSVM().fit(dataset, seed=seed, reporter=reporter)
        raise AssertionError


def test_a_system_that_fails_is_a_row_and_the_others_go_on() -> None:
    found = compare_systems(
        fruit(), {"a": Failing(), "b": LinearSVM()}, OPTIONS, reporter=ProgressReporter()
    )
    assert [(row.system, row.error) for row in found.rows] == [("a", "no such luck"), ("b", None)]
    assert found.rows[1].result is not None
    assert found.rows[1].result.estimates["precision_at_1"].value > 0.9


def test_ctrl_c_keeps_what_is_finished() -> None:
    seen: list[int] = []

    def note(comparison: Comparison) -> None:
        seen.append(len(comparison.rows))

    systems = {"a": LinearSVM(), "b": Interrupted(), "c": LinearSVM()}
    before = signal.getsignal(signal.SIGINT)
    found = compare_systems(fruit(), systems, OPTIONS, reporter=ProgressReporter(), on_row=note)
    assert [row.system for row in found.rows] == ["a"]
    assert found.unfinished == ("b", "c")
    assert seen == [1]
    assert signal.getsignal(signal.SIGINT) is before


@dataclass(frozen=True)
class Watched(System):
    """Tells whether its tagger is still there."""

    name: ClassVar[str] = "watched"
    text: ClassVar[TextSettings] = TextSettings()
    taggers: list[ReferenceType[Tagger]]

    def fit(self, dataset: Dataset, *, seed: int, reporter: ProgressReporter) -> Tagger:  # noqa: ARG002
        tagger = Constant(0.5)
        self.taggers.append(ref(tagger))
        return tagger


def test_what_is_measured_goes_unless_it_is_part_of_a_mean() -> None:
    taggers: list[ReferenceType[Tagger]] = []
    kept: list[list[bool]] = []
    one = Watched(taggers)
    compare_systems(
        fruit(),
        {"a": one, "b": one, "c": one, "mean": WeightedMean({"b": 1})},
        OPTIONS,
        reporter=ProgressReporter(),
        on_row=lambda _: kept.append([tagger() is not None for tagger in taggers]),
    )
    assert kept == [[False], [False, True], [False, True, False], [False, True, False]]


def test_too_few_questions_are_refused_with_how_many_are_missing_before_tensorflow_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trainer.compare.run.import_keras", lambda: pytest.fail("it takes seconds"))
    options = CompareOptions(min_questions=1000)
    with pytest.raises(NotEnoughQuestions, match="800 are missing"):
        compare_systems(fruit(), {"a": LinearSVM()}, options, reporter=ProgressReporter())
