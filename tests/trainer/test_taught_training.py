"""A training run with a teacher, from its setting to its version."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from core.database.tables import TrainingRun
from core.errors import TeacherUnusable
from core.model.registry import find_live
from core.settings import Settings
from tests.conftest import ManualClock
from tests.rows import store_questions, unpack_version
from tests.trainer.made_up import NARROW, labelled, made_up_questions
from tests.trainer.teacher.tiny_encoder import write_encoder
from trainer.compare.catalogue import TAUGHT, catalogue
from trainer.compare.run import Source
from trainer.compare.sources import watched
from trainer.options import TrainingOptions
from trainer.progress import ProgressReporter
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.system import BranchedNetwork
from trainer.teacher.files import find_teacher
from trainer.teacher.teacher import open_teacher
from trainer.train import train_site

FEW = replace(
    NARROW,
    fit=replace(
        NARROW.fit, conv_epochs=1, conv_steps=1, reader_epochs=2, reader_steps=1, term_steps=1
    ),
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


def options(teacher: str, folder: Path) -> TrainingOptions:
    return TrainingOptions(
        min_questions=50, promote=True, teacher=teacher, teacher_folder=folder / "vectors"
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
    assert manifest.hyperparameters["teacher"] == find_teacher(str(folder)).digest


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
    assert (outcome, error) == ("failed", "TAGGER_TEACHER: there is no folder /not/there.")


def test_only_the_branched_network_is_taught() -> None:
    chosen = TrainingOptions.of(Settings(teacher="somewhere"), architecture="simple")
    assert chosen.teacher == "somewhere"
    assert not chosen.has_teacher
    assert replace(chosen, architecture="branched").has_teacher
    assert not TrainingOptions().has_teacher


def test_a_comparison_has_a_taught_network_where_there_is_a_teacher(
    folder: Path, tmp_path: Path
) -> None:
    assert TAUGHT not in catalogue()
    questions = [labelled(question) for question in made_up_questions(3)]
    with open_teacher(str(folder), tmp_path / "vectors", ProgressReporter()) as teacher:
        assert teacher is not None
        assert catalogue(teacher=teacher)[TAUGHT] == BranchedNetwork(teacher=teacher)
        source = watched(Source("fruit", lambda: iter(questions)), teacher)
        assert [*source.questions()] == questions
        assert [*source.questions()] == questions
