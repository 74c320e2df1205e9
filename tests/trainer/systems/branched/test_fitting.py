"""A fitting that was ended is resumed from what was finished, to the same weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.made_up import NARROW, made_up_dataset
from trainer.data.dataset import Dataset
from trainer.progress import Epoch, ProgressReporter
from trainer.systems.branched.hyperparameters import (
    FitHyperparameters,
    Hyperparameters,
)
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.networks.network import Network

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.slow(10),
    pytest.mark.training,
]

SMALL = Hyperparameters(
    graph=replace(NARROW.graph, hidden=16),
    fit=FitHyperparameters(
        conv_epochs=3, conv_steps=1, reader_epochs=4, reader_steps=1, fold_questions=0
    ),
)
SYSTEM = BranchedNetwork(hyperparameters=SMALL)


class Killed(Exception):
    """What ends a run at once, as SIGKILL does: nothing is kept after it."""


class Killer(ProgressReporter):
    """Kills a run at an epoch of a part, and keeps what it is told."""

    def __init__(self, part: str = "", number: int = 0) -> None:
        self.part, self.number = part, number
        self.epochs: list[Epoch] = []
        self.notes: list[str] = []
        self.work: list[tuple[int, int]] = []

    def batch(self, done: int, of: int) -> None:
        self.work.append((done, of))

    def epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)
        if (epoch.part, epoch.number) == (self.part, self.number):
            raise Killed

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return made_up_dataset(150)  # a batch an epoch


@pytest.fixture(scope="module")
def whole(dataset: Dataset) -> Network:
    """Fitted without an interruption."""
    return SYSTEM.fit(dataset, seed=3, reporter=ProgressReporter())


def kill(dataset: Dataset, folder: Path, part: str, number: int) -> None:
    with pytest.raises(Killed):
        SYSTEM.fit(dataset, seed=3, reporter=Killer(part, number), resume=folder)


def untimed(epoch: Epoch) -> Epoch:
    return replace(epoch, seconds=0, left=None, left_low=None, left_high=None)


def assert_same(one: Network, other: Network) -> None:
    for here, there in zip(one.keras.get_weights(), other.keras.get_weights(), strict=True):
        np.testing.assert_array_equal(here, there)
    assert one.validation_probabilities is not None
    assert other.validation_probabilities is not None
    np.testing.assert_array_equal(one.validation_probabilities, other.validation_probabilities)
    told = [[untimed(epoch) for epoch in network.epochs] for network in (one, other)]
    assert repr(told[0]) == repr(told[1])  # as text: some losses are no numbers


@pytest.mark.parametrize(
    ("part", "number", "finished", "first"),
    [
        ("reader 1 of 1", 2, 1, "reader 1 of 1"),
        ("convolutions", 2, 2, "convolutions"),
        ("convolutions again", 1, 5, "convolutions again"),
    ],
)
def test_a_killed_fitting_is_resumed_to_the_weights_of_one_that_was_not(
    dataset: Dataset,
    whole: Network,
    tmp_path: Path,
    part: str,
    number: int,
    finished: int,
    first: str,
) -> None:
    kill(dataset, tmp_path, part, number)
    reporter = Killer()
    resumed = SYSTEM.fit(dataset, seed=3, reporter=reporter, resume=tmp_path)
    assert_same(resumed, whole)
    assert reporter.notes == [f"Resuming an unfinished run: {finished} of 6 parts are finished."]
    assert reporter.epochs[0].part == first
    assert reporter.work[-1][0] == reporter.work[-1][1]
    assert list(tmp_path.iterdir()) == [resumed.checkpoints]


def test_a_fitting_that_is_finished_is_made_again_of_its_checkpoints(
    dataset: Dataset, whole: Network, tmp_path: Path
) -> None:
    SYSTEM.fit(dataset, seed=3, reporter=ProgressReporter(), resume=tmp_path)
    reporter = Killer()
    assert_same(SYSTEM.fit(dataset, seed=3, reporter=reporter, resume=tmp_path), whole)
    assert reporter.notes == ["Resuming an unfinished run: 6 of 6 parts are finished."]
    assert reporter.epochs == []


def test_it_can_be_killed_again_and_again(dataset: Dataset, whole: Network, tmp_path: Path) -> None:
    kill(dataset, tmp_path, "convolutions", 1)
    kill(dataset, tmp_path, "reader 1 of 1 again", 2)
    assert_same(SYSTEM.fit(dataset, seed=3, reporter=ProgressReporter(), resume=tmp_path), whole)


def test_what_was_stopped_by_a_person_can_be_resumed(
    dataset: Dataset, whole: Network, tmp_path: Path
) -> None:
    class Stopper(ProgressReporter):
        def epoch(self, epoch: Epoch) -> None:
            if epoch.part == "convolutions" and epoch.number == 1:
                raise KeyboardInterrupt

    stopped = SYSTEM.fit(dataset, seed=3, reporter=Stopper(), resume=tmp_path)
    assert stopped.epochs[-1].part == "convolutions"
    assert stopped.checkpoints is None
    reporter = Killer()
    assert_same(SYSTEM.fit(dataset, seed=3, reporter=reporter, resume=tmp_path), whole)
    assert reporter.epochs[0].part == "convolutions"
    assert reporter.epochs[0].number == 2


def test_files_that_are_not_the_parts_are_done_again(
    dataset: Dataset, whole: Network, tmp_path: Path
) -> None:
    kill(dataset, tmp_path, "convolutions", 1)
    folder = next(tmp_path.iterdir())
    terms = (folder / "terms.npz").read_bytes()
    (folder / "reader-1-of-1.npz").write_bytes(terms)
    (folder / "terms-again.npz").write_bytes(b"\x80\x04\x95 no arrays")
    (folder / "convolutions-epochs.npz").write_bytes(b"")
    (folder / "terms.npz").write_bytes(terms[:-40])
    assert_same(SYSTEM.fit(dataset, seed=3, reporter=ProgressReporter(), resume=tmp_path), whole)


def test_another_seed_starts_from_scratch_and_gives_another_network(
    dataset: Dataset, whole: Network, tmp_path: Path
) -> None:
    kill(dataset, tmp_path, "reader 1 of 1", 1)
    reporter = Killer()
    other = SYSTEM.fit(dataset, seed=4, reporter=reporter, resume=tmp_path)
    assert reporter.notes == []
    weights = zip(other.keras.get_weights(), whole.keras.get_weights(), strict=True)
    assert not all(np.array_equal(*pair) for pair in weights)
    assert list(tmp_path.iterdir()) == [other.checkpoints]
