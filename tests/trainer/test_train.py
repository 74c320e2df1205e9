"""Whole training runs, on a made-up site."""

import errno
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pytest
from sqlalchemy import Engine, select

from core.database.engine import make_engine
from core.database.tables import TrainingRun
from core.errors import NotEnoughQuestions, TooFewQuestions, TrainingError
from core.model.predictor import Model
from core.model.registry import Version, find_live, list_versions
from core.questions.time_order import Seen
from tests.conftest import ManualClock
from tests.processes import environment, wait_until
from tests.rows import store_questions, unpack_version
from tests.trainer.counting import CountingNetwork
from tests.trainer.made_up import (
    NARROW,
    TAGS,
    made_up_corpus,
    made_up_dataset,
    made_up_questions,
)
from tests.trainer.warm import fork_tagger
from trainer.data.dataset import DatasetOptions, make_dataset
from trainer.data.stored import Survey
from trainer.options import TrainingOptions
from trainer.progress import Epoch, ProgressReporter
from trainer.runs import export
from trainer.runs.rows import PublishedRun
from trainer.systems import ARCHITECTURES
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.system import BranchedNetwork
from trainer.train import reason_to_skip, train_site

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = [
    pytest.mark.usefixtures("undrawn"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

OPTIONS = TrainingOptions(architecture="simple", min_questions=50, epochs=8, promote=True)


class Recorder(ProgressReporter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.batches: list[tuple[int, int]] = []
        self.epochs: list[Epoch] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def batch(self, done: int, of: int) -> None:
        self.batches.append((done, of))

    def epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)


class Interrupter(Recorder):
    """A person who presses Ctrl-C at a batch."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def batch(self, done: int, of: int) -> None:
        if done == self.at:
            raise KeyboardInterrupt
        super().batch(done, of)


@dataclass(frozen=True, kw_only=True)
class NarrowNetwork(BranchedNetwork):
    """The default one, but small."""

    hyperparameters: Hyperparameters = NARROW


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def train(
    engine: Engine, options: TrainingOptions = OPTIONS, reporter: ProgressReporter | None = None
) -> Version:
    version = train_site(
        engine, "fruit", options, clock=ManualClock(), reporter=reporter or ProgressReporter()
    ).version
    assert version is not None
    return version


def runs(engine: Engine) -> list[tuple[str | None, str | None]]:
    with engine.connect() as connection:
        rows = select(TrainingRun.outcome, TrainingRun.error).order_by(TrainingRun.id)
        return [(outcome, error) for outcome, error in connection.execute(rows)]


def store_made_up(engine: Engine, count: int) -> None:
    store_questions(
        engine, *made_up_questions(count), now=ManualClock().now(), request_tagging=False
    )


def test_a_site_with_too_few_questions_is_refused_with_how_many_are_missing() -> None:
    corpus = made_up_corpus(60)
    with pytest.raises(NotEnoughQuestions, match=r"has 60 .* needs 1,000 .* 940 are missing"):
        make_dataset(corpus, DatasetOptions(min_questions=1000))


def test_questions_without_a_kept_tag_are_in_no_part() -> None:
    dataset = make_dataset(made_up_corpus(300), DatasetOptions(min_questions=50, top_tags=2))
    parts = dataset.split
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    assert len(dataset.labels) == 2
    assert len(rows) < 300
    assert dataset.targets[rows].any(axis=1).all()


LAST = PublishedRun(ManualClock().now(), 1000, Seen(row=5000), "before")
NOW = Survey(1030, 1030, 30, 5030, None, None, "now")
SCHEDULED = TrainingOptions(new_questions=40)


@pytest.mark.parametrize(
    ("last", "data", "reason"),
    [
        (LAST, NOW, "30 new questions since the run of 2026-01-01 00:00, and 40 are needed"),
        (LAST, replace(NOW, new=40), None),
        (LAST, replace(NOW, new=40, fingerprint="before"), "nothing has changed since the run"),
        (None, NOW, None),
        (None, replace(NOW, tagged=199), "199 settled and tagged questions here, and"),
    ],
)
def test_a_run_of_the_schedule_that_would_come_to_nothing_is_skipped(
    last: PublishedRun | None, data: Survey, reason: str | None
) -> None:
    found = reason_to_skip(last, data, SCHEDULED)
    assert found is None if reason is None else str(found).startswith(reason)
    assert reason_to_skip(last, data, TrainingOptions()) is None  # a person's is never skipped


@pytest.mark.slow
def test_a_published_model_has_learned_and_says_how_it_was_made(sqlite_engine: Engine) -> None:
    store_made_up(sqlite_engine, 1200)
    reporter = Recorder()
    version = train(sqlite_engine, reporter=reporter)
    with sqlite_engine.connect() as connection:
        bundle = unpack_version(connection, version)
    manifest = bundle.manifest
    assert version.metrics["precision_at_1"] > 0.9
    assert version.metrics["micro_f1"] > 0.8
    assert version.metrics["test_questions"] == 120
    assert (version.learned_row, version.learned_until) == (1080, manifest.learned_until)
    assert manifest.labels == TAGS
    assert manifest.hyperparameters == {"class_weights": False, "epochs": 8, "seed": 0}
    assert manifest.data_fingerprint == made_up_corpus(1200).fingerprint
    assert len(manifest.sample) == export.SAMPLE_TEXTS
    assert len(reporter.epochs) == version.metrics["epochs"]
    assert (1, 8 * 31) in reporter.batches

    model = Model(bundle)
    words = model.words("C0 c1", "<p>c2 c0 c1 c2</p>")
    (row,) = model.rank(model.probabilities([words]))
    assert (row[0].tag, row[0].suggested) == ("c++", True)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("name", ["conv1d", "simple"])  # the others have tests of their own
def test_equal_seeds_give_equal_networks_and_others_do_not(name: str) -> None:
    dataset, system = made_up_dataset(100), ARCHITECTURES[name](epochs=2)

    def weights(seed: int) -> list[np.ndarray]:
        network = system.fit(dataset, seed=seed, reporter=ProgressReporter())
        return [np.array(weight) for weight in network.keras.get_weights()]

    first, again, other = weights(1), weights(1), weights(2)
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert any(not np.array_equal(*pair) for pair in zip(first, other, strict=True))


@pytest.mark.slow
def test_the_manifest_says_that_class_weights_were_used(sqlite_engine: Engine) -> None:
    store_made_up(sqlite_engine, 300)
    options = TrainingOptions(architecture="simple", min_questions=50, epochs=1, class_weights=True)
    version = train(sqlite_engine, options)
    with sqlite_engine.connect() as connection:
        manifest = unpack_version(connection, version).manifest
    assert manifest.hyperparameters["class_weights"] is True


@pytest.mark.slow
def test_ctrl_c_keeps_the_best_epoch_so_far(sqlite_engine: Engine) -> None:
    store_made_up(sqlite_engine, 300)
    reporter = Interrupter(at=3 * 7)  # in the third epoch
    version = train(sqlite_engine, reporter=reporter)
    assert version.live
    assert version.metrics["epochs"] == len(reporter.epochs) == 2
    assert reporter.notes == ["Stopped; going on with the best epoch so far."]


@pytest.mark.slow
def test_ctrl_c_before_the_first_epochs_end_publishes_nothing(sqlite_engine: Engine) -> None:
    store_made_up(sqlite_engine, 300)
    with pytest.raises(KeyboardInterrupt):
        train(sqlite_engine, reporter=Interrupter(at=2))
    assert runs(sqlite_engine) == [("failed", "stopped")]
    with sqlite_engine.connect() as connection:
        assert list_versions(connection) == []


@pytest.mark.slow
def test_a_failed_run_leaves_its_reason_and_the_live_model_as_it_was(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ARCHITECTURES, "simple", CountingNetwork)
    store_made_up(sqlite_engine, 300)
    live = train(sqlite_engine)
    with pytest.raises(NotEnoughQuestions, match="one tag only"):
        train(sqlite_engine, replace(OPTIONS, top_tags=1))
    assert runs(sqlite_engine)[1][0] == "failed"
    assert "one tag only" in str(runs(sqlite_engine)[1][1])
    with pytest.raises(TooFewQuestions, match="4,700 are missing"):
        train(sqlite_engine, replace(OPTIONS, min_questions=5000))
    assert runs(sqlite_engine)[2] == ("skipped", None)
    with sqlite_engine.connect() as connection:
        assert find_live(connection, "fruit") == live


@pytest.mark.slow(12)
@pytest.mark.training
@pytest.mark.usefixtures("eager")
def test_a_run_that_fails_once_its_network_is_fitted_does_not_fit_it_again(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ARCHITECTURES, "branched", NarrowNetwork)
    store_made_up(sqlite_engine, 150)
    options = replace(OPTIONS, architecture="branched", epochs=1, resume=tmp_path / "parts")
    with monkeypatch.context() as full:
        full.setattr("trainer.train.pack", no_space)
        with pytest.raises(TrainingError, match=f"no room for the model in {gettempdir()}"):
            train(sqlite_engine, options)
    reporter = Recorder()
    assert train(sqlite_engine, options, reporter).live
    assert reporter.notes == ["Resuming an unfinished run: 6 of 6 parts are finished."]
    assert reporter.epochs == []
    assert list((tmp_path / "parts").iterdir()) == []


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.parametrize(("end", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_run_that_is_ended_from_outside_leaves_the_site_trainable(
    sqlite_engine: Engine, end: signal.Signals, status: int, tmp_path: Path
) -> None:
    store_made_up(sqlite_engine, 300)
    address = sqlite_engine.url.render_as_string(hide_password=False)
    command = ["train", "-s", "fruit", "-a", "simple", "--epochs", "100000", "--promote"]
    log = tmp_path / "log"
    process = fork_tagger(command, environment(database_url=address, min_questions=50), log)
    wait_until(
        lambda: log.exists() and "epoch 1/100000" in log.read_text(), seconds=120, what="an epoch"
    )
    assert process.pid is not None
    os.kill(process.pid, end)
    process.join()
    assert process.exitcode == status
    other = make_engine(address)
    assert train(other).live
    assert [outcome for outcome, _ in runs(other)] == ["failed", "promoted"]
    other.dispose()
