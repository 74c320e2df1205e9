"""`tagger models tags`, `diff`, `tune` and `export-runs`, as one types them."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.trainer.models.commands import live, tagger
from tests.trainer.versions.published import publish_two

SITE = ("--site", "stats")


@pytest.fixture
def engine(sqlite_engine: Engine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Version 2 never suggests anova; no TensorFlow can be imported."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    for package in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, package, None)
    publish_two(
        sqlite_engine,
        thresholds=(2.0, 0.5, 0.5, 0.5, 0.5, 0.5),
        data_fingerprint="2",
        hyperparameters={"epochs": 4},
    )
    return sqlite_engine


@pytest.mark.usefixtures("engine", "wide_terminal")
def test_a_difference_tells_what_changed_for_which_tags_and_in_which_predictions() -> None:
    done = tagger("models", "diff", *SITE, "1", "2")
    assert done.exit_code == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "epochs 3 4" in words
    assert "on 120 questions that neither learned from" in words
    assert "nDCG@5 (all tags)" in words
    assert "F1 of 1 of 5 tags surely differs" in words
    assert "Suggestions differ for 17 questions" in words
    assert "Better, the author's tags in brackets: 63 Question 63" in words


@pytest.mark.usefixtures("engine")
def test_figures_by_tag_are_csv_that_is_printed_or_written(tmp_path: Path) -> None:
    printed = tagger("models", "tags", *SITE, "1")
    assert printed.exit_code == 0, printed.stderr
    assert len(printed.stdout.splitlines()) == 7
    file = tmp_path / "tags.csv"
    assert "6 tags" in tagger("models", "tags", *SITE, "1", "--out", file).stdout
    assert file.read_text() == printed.stdout
    refused = tagger("models", "tags", *SITE, "1", "--out", tmp_path / "none" / "tags.csv")
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)


@pytest.mark.usefixtures("wide_terminal")
def test_a_tuned_version_is_published_and_compared_with_its_source(engine: Engine) -> None:
    tagger("models", "promote", *SITE, "1")
    done = tagger("models", "tune", *SITE, "1", "--precision", "0.9")
    assert done.exit_code == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "stats version 3, of version 1, is published, and not live" in words
    assert "Make it live with: tagger models promote --site stats 3" in words
    assert live(engine) == 1
    assert tagger("models", "promote", *SITE, "3").exit_code == 0
    assert live(engine) == 3


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("goal", [[], ["--precision", "0.8", "--suggestions", "2"]])
def test_a_goal_is_one_of_two(goal: list[str]) -> None:
    assert tagger("models", "tune", *SITE, "1", *goal).exit_code == 2


@pytest.mark.usefixtures("engine")
def test_a_version_that_there_is_not_is_one_line() -> None:
    refused = tagger("models", "diff", *SITE, "1", "9")
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert refused.stderr.startswith("tagger: The site stats has no model version 9.")


@pytest.mark.usefixtures("engine")
def test_runs_are_written_for_mlflow(tmp_path: Path) -> None:
    done = tagger("models", "export-runs", *SITE, "--out", tmp_path / "mlruns")
    assert "Runs of stats written to" in done.stdout
    assert len(list((tmp_path / "mlruns").glob("*/meta.yaml"))) == 1
