"""What people are told of settings."""

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import Settings, load_settings, misspelt_variables
from core.settings_help import values_of


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("POLL_SECONDS", "abc", "it takes a number from 1 to 86,400 (pause between two polls"),
        ("TOP_TAGS", "1", "it takes a whole number from 2 to 100,000 ("),
        ("HISTORY_QUESTIONS", "-1", "it takes a whole number from 0 on ("),
        ("MIN_PRECISION", "1", "it takes a number above 0 and below 1 ("),
        ("FEED", "all", "it takes unanswered, no-answers or questions ("),
        ("REVIEW_IMAGES", "perhaps", "it takes true or false ("),
        ("REVIEW_TOKEN", "hush", "it takes a token of at least 16 characters"),
        ("SITES", ",", "names no site. It takes names, separated by commas (sites to poll, by"),
        ("LOG_FORMAT", "xml", "it takes text or json ("),
    ],
)
def test_a_wrong_value_is_told_with_the_values_that_the_setting_takes(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, takes: str
) -> None:
    monkeypatch.setenv(f"TAGGER_{name}", value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value).startswith(f"TAGGER_{name}: {takes}")
    assert str(raised.value).endswith(" Correct it in the environment or in .env.")
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_takes(name: str) -> None:
    assert len(values_of(Settings.model_fields[name])) > len("true or false ()")


def test_what_is_no_setting_is_told_with_the_one_that_is_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAGGER_POL_SECONDS", "60")
    monkeypatch.setenv("tagger_sites", "stats")  # also so, it is one
    Path(".env").write_text("TAGGER_POLL_SECOND=60\nTAGGER_TOP_TAGS=50\nOTHER=1\nTAGGER_ZZZ=1\n")
    assert misspelt_variables() == [
        (
            "TAGGER_POLL_SECOND (in .env) is no setting, and has no effect: "
            "is TAGGER_POLL_SECONDS meant?"
        ),
        (
            "TAGGER_POL_SECONDS (in the environment) is no setting, and has no effect: "
            "is TAGGER_POLL_SECONDS meant?"
        ),
        (
            "TAGGER_ZZZ (in .env) is no setting, and has no effect: "
            "docs/settings.md lists all settings."
        ),
    ]


def test_another_file_is_looked_at_too_and_may_be_unreadable(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("TAGGER_SITE=stats\n")
    (tmp_path / "broken").write_bytes(b"TAGGER_SITE=\xff\n")
    paths = tmp_path / "theirs", tmp_path / "broken", tmp_path / "missing"
    (line,) = misspelt_variables(*paths)
    assert line.startswith(f"TAGGER_SITE (in {tmp_path / 'theirs'}) is no setting")
    assert line.endswith("is TAGGER_SITES meant?")
