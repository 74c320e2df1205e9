"""The branched network as a whole."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.model.bundle import Bundle, pack, unpack
from core.model.predictor import Model
from core.questions.store import FetchedQuestion
from demo.site.generator import make_questions
from tests.trainer.made_up import NARROW, bundle_of, labelled, made_up_dataset
from trainer.data.corpus import LabelledQuestion, read_corpus
from trainer.data.dataset import Dataset, DatasetOptions, make_dataset
from trainer.progress import Epoch, ProgressReporter
from trainer.runs.export import MAX_DIFFERENCE
from trainer.scoring.metrics import Scores, all_metrics
from trainer.scoring.thresholds import choose_thresholds
from trainer.systems.branched.hyperparameters import (
    FitHyperparameters,
    Hyperparameters,
)
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.conv1d import Conv1DNetwork
from trainer.systems.networks.network import Network

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.slow(12),
    pytest.mark.training,
]

SMALL = Hyperparameters(
    graph=replace(NARROW.graph, meaning_size=50, topic_size=50, filters=16, hidden=64, readers=2),
    fit=FitHyperparameters(
        conv_epochs=2, conv_steps=1, reader_epochs=6, reader_steps=1, fold_questions=0
    ),
)

TINY = replace(
    SMALL,
    graph=replace(SMALL.graph, readers=1),
    fit=replace(SMALL.fit, conv_epochs=1, reader_epochs=2),
)


class Recorder(ProgressReporter):
    """Keeps what it is told, and presses Ctrl-C where it is to."""

    def __init__(self, *stops: str) -> None:
        self.stops = list(stops)
        self.epochs: list[Epoch] = []
        self.notes: list[str] = []
        self.work: list[tuple[int, int]] = []

    def batch(self, done: int, of: int) -> None:
        self.work.append((done, of))

    def epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)
        if self.stops and epoch.part == self.stops[0]:
            self.stops.pop(0)
            raise KeyboardInterrupt

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_equal_datasets_and_seeds_are_equal_networks_whose_progress_adds_up() -> None:
    dataset, reporter = made_up_dataset(300), Recorder()
    network = BranchedNetwork(hyperparameters=TINY).fit(dataset, seed=3, reporter=reporter)
    again = BranchedNetwork(hyperparameters=TINY).fit(dataset, seed=3, reporter=ProgressReporter())
    for one, other in zip(network.keras.get_weights(), again.keras.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [done for done, _ in reporter.work] == sorted(done for done, _ in reporter.work)
    assert reporter.work[-1][0] == reporter.work[-1][1]
    assert reporter.epochs[-1].left == 0
    assert network.epochs == tuple(reporter.epochs)


@pytest.mark.parametrize(
    ("stop", "last"),
    [
        ("reader 1 of 2", "reader 1 of 2"),
        ("convolutions", "convolutions"),
        ("reader 2 of 2 again", "reader 2 of 2 again"),
        ("convolutions again", "convolutions again"),
    ],
)
def test_ctrl_c_keeps_the_best_so_far_and_goes_to_the_end(stop: str, last: str) -> None:
    dataset, reporter = made_up_dataset(300), Recorder(stop)
    network = BranchedNetwork(hyperparameters=SMALL).fit(dataset, seed=3, reporter=reporter)
    assert reporter.notes == ["Stopped; going on with the best so far."]
    assert reporter.epochs[-1].part == last
    assert precision_at_1(network, dataset) > 0.6


def precision_at_1(network: Network, dataset: Dataset) -> float:
    rows = dataset.split.test
    found = network.probabilities(dataset.corpus, rows)
    return float(np.take_along_axis(dataset.targets[rows], found.argmax(1)[:, None], 1).mean())


def test_labels_without_weighted_terms_keep_their_order(tmp_path: Path) -> None:
    dataset = made_up_dataset(300)
    few = replace(SMALL, fit=replace(SMALL.fit, term_labels=2))
    network = BranchedNetwork(hyperparameters=few).fit(dataset, seed=3, reporter=ProgressReporter())
    rows = dataset.split.test
    found, tags = network.probabilities(dataset.corpus, rows), dataset.targets[rows]
    without = np.argsort(-dataset.targets.sum(axis=0), kind="stable")[2:]  # the rarer labels
    in_order = []
    for places in range(len(without)):
        turned = found.copy()
        turned[:, without] = found[:, np.roll(without, places)]
        in_order.append(np.take_along_axis(tags, turned.argmax(1)[:, None], 1).mean())
    own, *others = in_order
    assert own > 0.5
    assert own > 1.4 * max(others)
    served = bundle_of(network, BranchedNetwork(hyperparameters=few), dataset, tmp_path)
    assert served.manifest.hyperparameters["term_labels"] == 2


@pytest.fixture(scope="module")
def demo_dataset() -> Dataset:
    """A dataset on the demo's made-up site."""
    questions = (
        LabelledQuestion(q.question_id, q.title, q.body, q.tags, str(q.question_id))
        for q in make_questions(400)
    )
    corpus = read_corpus("demo", questions, BranchedNetwork.text)
    return make_dataset(corpus, DatasetOptions(min_questions=100))


@pytest.fixture(scope="module")
def demo_network(demo_dataset: Dataset) -> Network:
    hyperparameters = replace(
        SMALL,
        graph=replace(SMALL.graph, title_widths=(1, 2), body_widths=(1, 2), readers=1),
        fit=replace(SMALL.fit, conv_epochs=3, reader_rate=4e-3),
    )
    return BranchedNetwork(hyperparameters=hyperparameters).fit(
        demo_dataset, seed=0, reporter=ProgressReporter()
    )


@pytest.fixture(scope="module")
def demo_bundle(
    demo_dataset: Dataset, demo_network: Network, tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    """Published and read again, as a worker does."""
    made, unpacked = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("unpacked")
    system = BranchedNetwork(hyperparameters=SMALL)
    packed = pack(bundle_of(demo_network, system, demo_dataset, made), made / "bundle.zip")
    return unpack(packed.path, unpacked)


def test_workers_get_what_keras_gives(
    demo_dataset: Dataset, demo_network: Network, demo_bundle: Bundle
) -> None:
    corpus, rows = demo_dataset.corpus, demo_dataset.split.test
    texts = [
        (
            [corpus.lexicon[word] for word in corpus.titles[row]],
            [corpus.lexicon[word] for word in corpus.bodies[row]],
        )
        for row in rows
    ]
    served = Model(demo_bundle).probabilities(texts)
    trained = demo_network.probabilities(corpus, rows)
    assert np.abs(served - trained).max() <= MAX_DIFFERENCE


@pytest.mark.parametrize("text", ["", "zzz qqq xxx", "regression " * 1_000_000])
def test_any_text_gets_probabilities(demo_bundle: Bundle, text: str) -> None:
    model = Model(demo_bundle)
    found = model.probabilities([model.words(text, f"<p>{text}</p>")])
    assert np.isfinite(found).all()


def test_it_is_better_than_the_articles_convolution(
    demo_dataset: Dataset, demo_network: Network
) -> None:
    article = Conv1DNetwork(epochs=6).fit(demo_dataset, seed=0, reporter=ProgressReporter())
    ours, theirs = scores(demo_network, demo_dataset), scores(article, demo_dataset)
    assert ours["precision_at_1"] > theirs["precision_at_1"]
    assert ours["log_loss"] < theirs["log_loss"]
    assert ours["micro_f1"] > theirs["micro_f1"]


def scores(network: Network, dataset: Dataset) -> dict[str, float]:
    parts = dataset.split
    thresholds = choose_thresholds(
        dataset.targets[parts.validation], network.predict_validation(dataset)
    )
    found = network.probabilities(dataset.corpus, parts.test)
    return all_metrics(Scores(dataset.targets[parts.test], found, thresholds))


def robotics(folder: Path) -> Iterator[LabelledQuestion]:
    with gzip.open(folder / "robotics.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield labelled(
                FetchedQuestion(
                    site="robotics",
                    question_id=row["question_id"],
                    title=row["title"],
                    body=row["body"],
                    author_tags=tuple(row["tags"]),
                )
            )


@pytest.mark.real
@pytest.mark.timeout(1800)
def test_it_beats_tf_idf_with_logistic_regression_on_a_small_site(real_data: Path) -> None:
    corpus = read_corpus("robotics", robotics(real_data), BranchedNetwork.text)
    dataset = make_dataset(corpus, DatasetOptions(top_tags=100))
    found = scores(BranchedNetwork().fit(dataset, seed=0, reporter=ProgressReporter()), dataset)
    assert len(dataset.split.test) == 538
    assert found["precision_at_1"] > 0.628
    assert found["precision_at_3"] > 0.388
    assert found["recall_at_5"] > 0.679
    assert found["log_loss"] < 0.0656
    assert found["micro_f1"] > 0.496
