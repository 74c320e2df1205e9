"""`tagger models`: what is listed and shown, and how mistakes are met."""

import pytest

from tests.trainer.models.commands import tagger


@pytest.mark.usefixtures("engine")
def test_models_are_listed_with_when_each_was_live() -> None:
    lines = tagger("models", "list").stdout.splitlines()
    assert lines[1].split() == [
        *("stats", "1", "words", "2026-01-01", "since", "2026-01-01"),
        *("0.750", "0.500", "0.0", "MB"),
    ]
    assert "since" not in lines[2]
    assert "of the tags that each knows" in lines[3]
    assert len(lines) == 4


@pytest.mark.usefixtures("engine")
def test_a_site_without_models_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_SITES", "stats,cooking")
    assert "tagger train" in tagger("models", "list", "--site", "cooking").stdout
    shown = tagger("models", "show", "--site", "cooking")
    assert shown.exit_code == 1
    assert "tagger train --site cooking" in shown.stderr


@pytest.mark.usefixtures("engine")
def test_a_model_is_shown_with_what_it_knows_and_how_good_it_is() -> None:
    shown = tagger("models", "show", "--site", "stats").stdout
    assert "stats version 1, live" in shown
    assert "since 2026-01-01 00:00 (hand)" in shown
    assert "6: anova, bayesian, c++" in shown
    assert "0.7500" in shown
    assert "never" in tagger("models", "show", "--site", "stats", "2").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["show", "--site", "stats"],
        ["promote", "--site", "stats", "1"],
        ["rollback", "--site", "stats"],
        ["export", "--site", "stats"],
        ["prune", "--site", "stats"],
    ],
)
def test_a_database_that_is_away_is_one_line(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", "postgresql://127.0.0.1:1/none")
    refused = tagger("models", *arguments)
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert "cannot be used" in refused.stderr


@pytest.mark.parametrize(
    "wrong", [["promote", "--retag", "some", "1"], ["prune", "--keep", "-1"], ["import"]]
)
def test_a_wrong_option_is_wrong_usage(wrong: list[str]) -> None:
    assert tagger("models", *wrong, "--site", "stats").exit_code == 2
