"""A training run with a teacher, from its setting to its version."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, select

from core.database.tables import TrainingRun
from core.errors import EncoderMissing, TeacherUnusable, TrainingError
from core.model.registry import find_live
from core.model.sentences.files import find_encoder
from core.settings import Settings
from tests.conftest import ManualClock
from tests.core.model.sentences.tiny_encoder import write_encoder
from tests.models import sentence_bundle
from tests.rows import live_models, publish_live, store_questions, unpack_version
from tests.trainer.counting import CountingNetwork
from tests.trainer.made_up import NARROW, labelled, made_up_questions
from trainer.compare.catalogue import ENCODER, TAUGHT, catalogue
from trainer.compare.run import Source
from trainer.compare.sources import watched
from trainer.data.corpus import read_corpus
from trainer.options import TrainingOptions
from trainer.progress import ProgressReporter
from trainer.systems import ARCHITECTURES
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.branched.with_encoder import BranchedEncoderNetwork
from trainer.teacher.teacher import open_teacher
from trainer.train import train_site

FEW = replace(
    NARROW,
    fit=replace(NARROW.fit, conv_epochs=1, conv_steps=1, reader_epochs=2, reader_steps=1),
)


@dataclass(frozen=True, kw_only=True)
class Narrow(BranchedNetwork):
    """The branched network, fitted in seconds."""

    hyperparameters: Hyperparameters = field(default_factory=lambda: FEW)


class Stages(ProgressReporter):
    """Keeps what is done."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, description: str) -> None:
        self.stages.append(description)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "encoder", [f"word{number}" for number in range(40)])


@dataclass(frozen=True, kw_only=True)
class NarrowWithEncoder(BranchedEncoderNetwork):
    """The same with an encoder's sentence vectors."""

    hyperparameters: Hyperparameters = field(default_factory=lambda: FEW)


def options(teacher: str | None, folder: Path, architecture: str = "branched") -> TrainingOptions:
    return TrainingOptions(
        architecture=architecture,
        min_questions=50,
        promote=True,
        teacher=teacher,
        teacher_folder=folder / "vectors",
    )


def train(engine: Engine, chosen: TrainingOptions) -> list[str]:
    """Train, and return what was encoded."""
    reporter = Stages()
    train_site(engine, "fruit", chosen, clock=ManualClock(), reporter=reporter)
    return [stage for stage in reporter.stages if stage.startswith("encoding")]


@pytest.mark.slow(10)
@pytest.mark.training
@pytest.mark.usefixtures("eager", "undrawn")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_retraining_encodes_what_is_new_and_the_version_says_who_taught_it(
    engine: Engine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.options.ARCHITECTURES", {"branched": Narrow})
    now, questions = ManualClock().now(), [*made_up_questions(170)]
    store_questions(engine, *questions[:150], now=now, request_tagging=False)
    assert train(engine, options(str(folder), tmp_path)) == [
        "encoding 135 new questions"  # the newest tenth judges
    ]
    store_questions(engine, *questions[150:], now=now, request_tagging=False)
    assert train(engine, options(str(folder), tmp_path)) == ["encoding 18 new questions"]
    with engine.connect() as connection:
        live = find_live(connection, "fruit")
        assert live is not None
        manifest = unpack_version(connection, live).manifest
    assert manifest.hyperparameters["teacher"] == find_encoder(str(folder)).digest


@pytest.mark.slow(10)
@pytest.mark.training
@pytest.mark.usefixtures("eager", "undrawn")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_network_that_reads_the_encoder_goes_live_and_workers_give_it_the_same_vectors(
    sqlite_engine: Engine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.options.ARCHITECTURES", {"branched-encoder": NarrowWithEncoder})
    clock = ManualClock()
    store_questions(sqlite_engine, *made_up_questions(150), now=clock.now(), request_tagging=False)
    chosen = options(str(folder), tmp_path, "branched-encoder")
    assert train(sqlite_engine, chosen) == ["encoding 135 new questions"]  # then those that judge
    models = live_models(sqlite_engine, folder)
    model = models.get("fruit").loaded.model
    asked = next(iter(made_up_questions(1)))
    given = model.encode([model.words(asked.title, asked.body)]).arrays[0]["sentence"]
    with open_teacher(str(folder), tmp_path / "vectors", ProgressReporter()) as teacher:
        assert teacher is not None
        corpus = read_corpus("fruit", teacher.watch([labelled(asked)]), BranchedNetwork.text)
        known = teacher.vectors(corpus, np.array([0]), ProgressReporter())
    np.testing.assert_array_equal(given, known.astype(np.float32))
    assert train(sqlite_engine, chosen) == []  # beside the live version


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_live_version_whose_encoder_is_lost_is_replaced_by_a_person_alone(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ARCHITECTURES, "simple", CountingNetwork)
    now = ManualClock().now()
    store_questions(sqlite_engine, *made_up_questions(150), now=now, request_tagging=False)
    lost = publish_live(sqlite_engine, sentence_bundle(site="fruit"), now=now)
    chosen = options(None, tmp_path, "simple")
    refused = r"names none here.* unseen: tagger train --site fruit --promote$"
    with monkeypatch.context() as patch:
        patch.setattr("core.model.fetching.fetch_packed", None)  # its manifest will do
        with pytest.raises(EncoderMissing, match=refused):
            train(sqlite_engine, replace(chosen, promote=None))
    for promote in (False, True):
        train(sqlite_engine, replace(chosen, promote=promote))
        with sqlite_engine.connect() as connection:
            live = find_live(connection, "fruit")
        assert live is not None
        assert (live.version != lost.version) is promote


def test_what_reads_an_encoder_is_not_trained_without_one(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    store_questions(
        sqlite_engine, *made_up_questions(60), now=ManualClock().now(), request_tagging=False
    )
    with pytest.raises(TrainingError, match="branched-encoder reads a sentence encoder: set TAGG"):
        train(sqlite_engine, options(None, tmp_path, "branched-encoder"))


def test_a_teacher_that_cannot_be_used_fails_the_run_before_tensorflow_is_loaded(
    engine: Engine, tmp_path: Path
) -> None:
    store_questions(engine, *made_up_questions(60), now=ManualClock().now(), request_tagging=False)
    reporter = Stages()
    with pytest.raises(TeacherUnusable, match="there is no folder /not/there"):
        train_site(
            engine, "fruit", options("/not/there", tmp_path), clock=ManualClock(), reporter=reporter
        )
    assert "loading TensorFlow" not in reporter.stages
    with engine.connect() as connection:
        outcome, error = connection.execute(select(TrainingRun.outcome, TrainingRun.error)).one()
    assert outcome == "failed"
    assert str(error).startswith("TAGGER_TEACHER: there is no folder /not/there. Set it to")


def test_only_the_branched_networks_are_taught() -> None:
    chosen = TrainingOptions.of(Settings(teacher="somewhere"), architecture="simple")
    assert chosen.teacher == "somewhere"
    assert not chosen.has_teacher
    assert replace(chosen, architecture="branched").has_teacher
    assert not TrainingOptions().has_teacher


def test_a_comparison_has_a_taught_network_where_there_is_a_teacher(
    folder: Path, tmp_path: Path
) -> None:
    assert {TAUGHT, ENCODER}.isdisjoint(catalogue())
    questions = [labelled(question) for question in made_up_questions(3)]
    with open_teacher(str(folder), tmp_path / "vectors", ProgressReporter()) as teacher:
        assert teacher is not None
        entries = catalogue(teacher=teacher)
        assert entries[TAUGHT] == BranchedNetwork(teacher=teacher)
        assert entries[ENCODER] == BranchedEncoderNetwork(teacher=teacher)
        source = watched(Source("fruit", lambda: iter(questions)), teacher)
        assert [*source.questions()] == questions
        assert [*source.questions()] == questions
