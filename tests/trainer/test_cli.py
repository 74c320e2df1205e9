import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from core import registry
from core.database import make_engine
from core.migrate import upgrade
from core.tables import ModelVersion
from tagger import app
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import store_questions
from tests.trainer.made_up import made_up_questions


def tagger(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take away what a command sets up: its handler writes to a stream that ends with the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)


@pytest.fixture
def versions(sqlite_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site stats has version 1, live, and version 2."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    engine = make_engine(sqlite_url)
    upgrade(engine)
    metrics = {"precision_at_1": 0.75, "recall_at_5": 0.5, "micro_f1": 0.625, "split": "time"}
    with engine.begin() as connection:
        for _ in range(2):
            registry.publish(connection, word_bundle(metrics=metrics), now=clock.now())
        registry.promote(connection, "stats", 1, now=clock.now(), reason="hand")
    engine.dispose()


def live_version(url: str) -> int:
    engine = make_engine(url)
    with engine.connect() as connection:
        live = registry.get_live(connection, "stats").version
    engine.dispose()
    return live


@pytest.mark.usefixtures("versions")
def test_models_are_listed_with_the_live_one_marked() -> None:
    lines = tagger("models", "list").stdout.splitlines()
    assert lines[1].split() == [
        *("stats", "1", "live", "words", "2026-01-01", "0.750", "0.500", "0.625", "0.0", "MB")
    ]
    assert "live" not in lines[2]
    assert len(lines) == 3


@pytest.mark.usefixtures("versions")
def test_a_site_without_models_is_told_how_to_get_one() -> None:
    assert "tagger train" in tagger("models", "list", "--site", "cooking").stdout
    shown = tagger("models", "show", "--site", "cooking")
    assert shown.exit_code == 1
    assert "tagger train --site cooking" in shown.stderr


@pytest.mark.usefixtures("versions")
def test_a_model_is_shown_with_what_it_knows_and_how_good_it_is() -> None:
    shown = tagger("models", "show", "--site", "stats").stdout
    assert "stats version 1, live" in shown
    assert "6: anova, bayesian, c++" in shown
    assert "0.7500" in shown
    assert "live" not in tagger("models", "show", "--site", "stats", "2").stdout


@pytest.mark.usefixtures("versions")
def test_promotion_moves_the_live_version(sqlite_url: str) -> None:
    promoted = tagger("models", "promote", "--site", "stats", "2")
    assert (promoted.exit_code, live_version(sqlite_url)) == (0, 2)
    assert "stats version 2 is live; version 1 was." in promoted.stdout


@pytest.mark.usefixtures("versions")
def test_a_damaged_model_is_not_promoted(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.begin() as connection:
        damaged = update(ModelVersion).where(ModelVersion.version == 2).values(bundle=b"?")
        connection.execute(damaged)
    engine.dispose()
    refused = tagger("models", "promote", "--site", "stats", "2")
    assert (refused.exit_code, live_version(sqlite_url)) == (1, 1)
    assert "SHA-256" in refused.stderr


@pytest.mark.usefixtures("versions")
def test_an_unknown_version_is_one_line() -> None:
    refused = tagger("models", "promote", "--site", "stats", "7")
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert "no model version 7" in refused.stderr


@pytest.mark.usefixtures("versions")
def test_a_site_with_too_few_questions_is_one_line() -> None:
    pytest.importorskip("sklearn")
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
        "tagger: Training needs packages that are not installed here (keras). "
        'Install them with: pip install "question-tagger[trainer]"'
    )


@pytest.mark.parametrize(
    "wrong", [["--architecture", "lstm"], ["--epochs", "0"], ["--top-tags", "1"], ["--split", "x"]]
)
def test_a_wrong_option_is_wrong_usage(wrong: list[str]) -> None:
    assert tagger("train", "--site", "stats", *wrong).exit_code == 2


@pytest.mark.parametrize(
    "command", [["train"], ["models", "list"], ["models", "show"], ["models", "promote"]]
)
def test_every_command_has_an_example(command: list[str]) -> None:
    assert f"Example: tagger {' '.join(command)}" in tagger(*command, "--help").stdout


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
    store_questions(engine, *made_up_questions(300), now=clock.now(), wanted=False)
    engine.dispose()
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TAGGER_MIN_QUESTIONS", "50")
    program = Path(sys.executable).parent / "tagger"
    command = [str(program), "train", "--site", "fruit", "-a", "simple", "--epochs", "2"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "precision@1" in done.stdout
    assert "fruit version 1 (simple) is live." in done.stdout
    assert all(
        " INFO trainer." in line or " INFO core." in line for line in done.stderr.splitlines()
    )
