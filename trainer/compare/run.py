"""Trains systems one after another and measures each on the same questions."""

import logging
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import numpy as np
import numpy.typing as npt

from core.model.tokenizer import TextSettings
from core.settings import DEFAULTS
from trainer.compare.catalogue import Entry
from trainer.data.corpus import Corpus, LabelledQuestion, read_corpus
from trainer.data.dataset import Dataset, DatasetOptions, make_dataset
from trainer.data.splits import RANDOM_STATE, SplitName
from trainer.evaluation.post_processing import add_post_processing
from trainer.progress import Epoch, ProgressReporter
from trainer.scoring.intervals import Estimate, estimate_all
from trainer.scoring.metrics import (
    Floats,
    Reliability,
    Scores,
    label_f1,
    reliability,
)
from trainer.scoring.operating_point import choose_operating_point
from trainer.systems.base import Tagger
from trainer.systems.mean import WeightedMean
from trainer.systems.networks.keras_setup import check_installed, import_keras
from trainer.systems.networks.network import Network

log = logging.getLogger(__name__)

ARTICLE_TAGS: Final = 100  # the article's, so that its figures and those of the documents compare


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """What can be chosen for a comparison; see DatasetOptions."""

    split: SplitName = "random"
    random_state: int = RANDOM_STATE
    top_tags: int = ARTICLE_TAGS
    min_questions: int = DEFAULTS.min_questions
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Where questions come from, as often as they are asked for.

    Attributes:
        site: whose they are.
        questions: makes an iterator over them, in the order of time.
    """

    site: str
    questions: Callable[[], Iterator[LabelledQuestion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was measured of a system on the test part.

    Attributes:
        estimates: by metric.
        train_seconds: of its fitting; a mean's are those of its parts.
        questions_per_second: predicted, from words to probabilities.
        size: in bytes.
        label_f1: of each label.
        reliability: how often what has a probability is so.
        epochs: of its fitting, where it is one network.
        example: the labels' probabilities for the worked question.
    """

    estimates: Mapping[str, Estimate]
    train_seconds: float
    questions_per_second: float
    size: int
    label_f1: Floats
    reliability: Reliability
    epochs: tuple[Epoch, ...]
    example: Floats


@dataclass(frozen=True, slots=True)
class Row:
    """A system's row: what was measured, or why nothing was."""

    system: str
    result: Result | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """What all systems learn from, as far as tables and pictures tell of it.

    Attributes:
        site: whose questions.
        split: how they were split.
        parts: how many questions each part has, by its name.
        tag_counts: of all tags of the site, descending, by tag.
        labels: those that are learned.
        targets: of the training part, shape (questions, labels).
        example: the worked question, from the test part.
    """

    site: str
    split: SplitName
    parts: Mapping[str, int]
    tag_counts: Mapping[str, int]
    labels: tuple[str, ...]
    targets: npt.NDArray[np.uint8]
    example: LabelledQuestion


@dataclass
class Comparison:
    """The rows so far.

    Attributes:
        data: what was learned from.
        rows: of the systems that are finished, in the order they were trained.
        unfinished: systems that were not reached, because somebody stopped it.
        class_weights: whether one of the systems is fitted with them.
    """

    data: Data
    rows: list[Row] = field(default_factory=list)
    unfinished: tuple[str, ...] = ()
    class_weights: bool = False


def compare_systems(
    source: Source,
    systems: Mapping[str, Entry],
    options: CompareOptions,
    *,
    reporter: ProgressReporter,
    on_row: Callable[[Comparison], None] = lambda _: None,
) -> Comparison:
    """Train and measure systems; one that fails is a row with its error.

        systems = choose(catalogue(), ["conv1d", "logistic-regression"])
        source = file_source(Path("cooking.jsonl.gz"), "cooking")
        compare_systems(source, systems, CompareOptions(), reporter=ProgressReporter())

    Ctrl-C ends it with the rows that are finished.

    Args:
        source: of the questions.
        systems: by name; means behind their parts.
        options: what all share.
        reporter: shows the progress.
        on_row: called after each row.

    Raises:
        NotEnoughQuestions: the site has too few questions or tags.
        TrainerNotInstalled: the trainer's packages are not here.
    """
    check_installed()
    means = [entry for entry in systems.values() if isinstance(entry, WeightedMean)]
    bench = _Bench(source, options, reporter, {name for mean in means for name in mean.weights})
    reporter.stage("reading questions")
    first = next(iter(systems.values()))
    comparison = Comparison(bench.describe(bench.dataset(_text(first, systems))))
    reporter.stage("loading TensorFlow")
    import_keras()
    comparison.class_weights = any(getattr(one, "class_weights", False) for one in systems.values())
    names = list(systems)
    with _interruptions() as interrupted:
        for place, (name, entry) in enumerate(systems.items()):
            reporter.stage(f"{place + 1} of {len(systems)}: {name}")
            row = None
            with suppress(KeyboardInterrupt):
                row = bench.row(name, entry, _text(entry, systems))
            if row is None or interrupted:  # a network may go on with its best epoch so far
                comparison.unfinished = tuple(names[place:])
                break
            comparison.rows.append(row)
            on_row(comparison)
    return comparison


def _text(entry: Entry, systems: Mapping[str, Entry]) -> TextSettings:
    """How an entry reads questions; a mean as its first part does."""
    if isinstance(entry, WeightedMean):
        return _text(systems[next(iter(entry.weights))], systems)
    return entry.text


@contextmanager
def _interruptions() -> Iterator[list[bool]]:
    """A list that gets an item with every Ctrl-C, also where what runs does not stop at once."""
    happened: list[bool] = []

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        happened.append(True)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield happened
    finally:
        signal.signal(signal.SIGINT, before)


class _Bench:
    """Where systems are trained: it keeps the questions as each reads them, and parts of means.

    Other taggers, of hundreds of megabytes some of them, go when they are measured.
    """

    def __init__(
        self, source: Source, options: CompareOptions, reporter: ProgressReporter, kept: set[str]
    ) -> None:
        self._source, self._options, self._reporter = source, options, reporter
        self._kept = kept  # names of systems that means are made of
        self._datasets: dict[TextSettings, Dataset] = {}
        self._taggers: dict[str, Tagger] = {}
        self._seconds: dict[str, float] = {}
        self._example = 0  # a place in the test part

    def dataset(self, text: TextSettings) -> Dataset:
        """The dataset with the questions read so; labels and split are the same for all."""
        if text not in self._datasets:
            corpus = read_corpus(self._source.site, self._source.questions(), text)
            chosen = DatasetOptions(
                top_tags=self._options.top_tags,
                min_questions=self._options.min_questions,
                split=self._options.split,
                random_state=self._options.random_state,
            )
            self._datasets[text] = make_dataset(corpus, chosen)
        return self._datasets[text]

    def describe(self, dataset: Dataset) -> Data:
        """Tell of a dataset what tables and pictures show, and choose the worked question."""
        split = dataset.split
        tags = dataset.targets[split.test].sum(axis=1)
        self._example = int(np.lexsort((split.test, np.minimum(tags, 3)))[-1])  # newest of three
        row = int(split.test[self._example])
        example = next(
            question for place, question in enumerate(self._source.questions()) if place == row
        )
        return Data(
            self._source.site,
            self._options.split,
            {"train": len(split.train), "validation": len(split.validation), "test": len(tags)},
            _count_tags(dataset.corpus),
            dataset.labels,
            dataset.targets[split.train],
            example,
        )

    def row(self, name: str, entry: Entry, text: TextSettings) -> Row:
        """Train and measure a system."""
        try:
            return Row(name, self._measure(name, entry, self.dataset(text)))
        except Exception as error:  # whatever a library raises is this row's error
            log.debug("%s failed", name, exc_info=error)
            return Row(name, None, f"{error}".strip() or type(error).__name__)

    def _measure(self, name: str, entry: Entry, dataset: Dataset) -> Result:
        tagger, seconds = self._fit(entry, dataset)
        if isinstance(tagger, Network):
            tagger = add_post_processing(tagger, dataset)
        if name in self._kept:
            self._taggers[name], self._seconds[name] = tagger, seconds
        validation, test = tagger.validation_rows(dataset), dataset.split.test
        operating_point = choose_operating_point(
            dataset.targets[validation], tagger.predict_validation(dataset)
        )
        began = time.perf_counter()
        raw = tagger.probabilities(dataset.corpus, test)
        took = time.perf_counter() - began
        probabilities = operating_point.calibration.apply(raw)
        scores = Scores(dataset.targets[test], probabilities, operating_point.thresholds)
        return Result(
            estimates=estimate_all(scores),
            train_seconds=seconds,
            questions_per_second=len(test) / took,
            size=tagger.size(),
            label_f1=label_f1(scores),
            reliability=reliability(scores),
            epochs=tagger.epochs if isinstance(tagger, Network) else (),
            example=probabilities[self._example],
        )

    def _fit(self, entry: Entry, dataset: Dataset) -> tuple[Tagger, float]:
        if isinstance(entry, WeightedMean):
            mean = entry.combine(self._taggers)
            return mean, sum(self._seconds[name] for name in entry.weights)
        began = time.perf_counter()
        tagger = entry.fit(dataset, seed=self._options.seed, reporter=self._reporter)
        return tagger, time.perf_counter() - began


def _count_tags(corpus: Corpus) -> dict[str, int]:
    counts: dict[str, int] = {}
    for tags in corpus.tags:
        for tag in tags:
            counts[tag] = counts.get(tag, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
