import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner, Result

import trainer.train
from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.database.tables import TrainingRun
from core.model import registry
from tagger import make_app
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish, question, store_questions
from tests.trainer.made_up import made_up_questions
from trainer.options import TrainingOptions
from trainer.runs.promotion import RunResult


def tagger(*arguments: str) -> Result:
    return CliRunner().invoke(make_app(), arguments)


@pytest.fixture
def versions(sqlite_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site stats has version 1, live, and version 2."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    engine = make_engine(sqlite_url)
    upgrade(engine)
    metrics = {"precision_at_1": 0.75, "recall_at_5": 0.5, "micro_f1": 0.625, "split": "time"}
    with engine.begin() as connection:
        for _ in range(2):
            publish(connection, word_bundle(metrics=metrics), now=clock.now())
        registry.promote(connection, "stats", 1, now=clock.now(), reason="hand")
    engine.dispose()


@pytest.mark.usefixtures("versions")
def test_a_site_with_too_few_questions_is_one_line_before_tensorflow_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setattr(trainer.train, "import_keras", None)  # it is not called
    refused = tagger("train", "--site", "stats")
    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1].startswith("tagger: The site stats has 0 tagged")


@pytest.mark.usefixtures("versions")
def test_without_tensorflow_training_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    refused = tagger("train", "--site", "stats")
    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1] == (
        "tagger: Training needs packages that are not installed here (keras). Install them in the "
        'checkout with: pip install ".[trainer]". With docker-compose they are in the trainer\'s '
        "image: docker-compose run --rm trainer train --site SITE"
    )
    runs = tagger("models", "report", "--site", "stats", "--list")
    assert runs.stdout == "No training has run for stats yet.\n"


@pytest.mark.usefixtures("host_ahead")
def test_a_run_is_dated_by_the_databases_clock(
    migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", migrated_postgres_url)
    monkeypatch.setattr(trainer.train, "import_keras", lambda: None)
    engine = make_engine(migrated_postgres_url)
    store_questions(engine, question(1), now=datetime.now(UTC), request_tagging=False)
    assert tagger("train", "--site", "stats").exit_code == 1
    with engine.connect() as connection:
        (begun,) = connection.scalars(select(TrainingRun.started_at))
    assert begun <= datetime.now(UTC)
    engine.dispose()


@pytest.mark.parametrize(
    "wrong",
    [
        ["train", "--architecture", "lstm"],
        ["train", "--epochs", "0"],
        ["train", "--top-tags", "1"],
        ["train", "--retag", "x"],
        ["train", "--seed", "-1"],
        ["compare", "--seed", "-1"],
    ],
)
def test_a_wrong_option_is_wrong_usage(wrong: list[str]) -> None:
    command, *options = wrong
    assert tagger(command, "--site", "stats", *options).exit_code == 2


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize("fresh", [False, True])
def test_what_is_fitted_is_kept_in_the_sites_own_folder(
    fresh: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[TrainingOptions] = []

    def train_site(_: Engine, __: str, options: TrainingOptions, **___: object) -> RunResult:
        asked.append(options)
        return RunResult("skipped", "nothing has changed")

    monkeypatch.setenv("TAGGER_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(trainer.train, "train_site", train_site)
    assert tagger("train", "--site", "Stats", *["--fresh"] * fresh).exit_code == 0
    assert asked[0].resume == tmp_path / "training" / "stats"
    assert asked[0].fresh is fresh


@pytest.mark.slow
def test_the_command_line_starts_without_the_trainers_packages() -> None:
    script = """
import sys, tagger
heavy = {"tensorflow", "keras", "sklearn", "matplotlib", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.slow
def test_training_from_the_command_line_ends_with_the_metrics_and_nothing_of_tensorflows(
    sqlite_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(sqlite_url)
    upgrade(engine)
    store_questions(engine, *made_up_questions(300), now=clock.now(), request_tagging=False)
    engine.dispose()
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TAGGER_MIN_QUESTIONS", "50")
    program = Path(sys.executable).parent / "tagger"
    command = [str(program), "train", "--site", "fruit", "-a", "simple", "--epochs", "2"]
    command += ["--promote"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "precision@1" in done.stdout
    assert "fruit version 1 (simple) is live: --promote; " in done.stdout
    assert all(
        " INFO trainer." in line or " INFO core." in line for line in done.stderr.splitlines()
    )
