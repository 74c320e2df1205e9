import os
from pathlib import Path

import pytest
from sqlalchemy import text

from core.database.engine import make_engine, reading
from core.errors import SettingsError
from core.settings import Settings, load_settings


def test_without_any_variable_the_service_runs_on_this_machine() -> None:
    settings = load_settings()
    assert settings.database.startswith("sqlite:///")
    assert settings.uses_embedded_redis
    assert settings.sites == ("stats",)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("POLL_SECONDS", "often", "pause between two polls"),
        ("POLL_SECONDS", "0", "pause between two polls"),
        ("SITES", "stats, what site", "'what site'"),
        ("SITES", " , ", "names no site"),
        ("DATABASE_URL", "mysql://u:hush@h/d", "neither sqlite nor postgresql"),
        ("DATABASE_URL", "not an address hush", "is not a database address"),
        ("DATABASE_URL", "postgresql://u:p@hu:sh@h/d", "is not a database address"),
        ("DATABASE_URL", "postgresql://u:p@hush@h/d", "percent-encoded"),
        ("DATABASE_URL", "postgresql://h/d?user=u&password=hush", "percent-encoded"),
        ("DATABASE_URL", "postgresql+psycopg2://u:hush@h/d", "with psycopg"),
        ("BROKER_URL", "redis://:hu/sh#@h:1/0", "percent-encode"),
        ("BROKER_URL", "redis://:hush@h:1/first", "percent-encode"),
        ("BROKER_URL", "amqp://u:hu/sh@h/", "percent-encode"),
        ("BROKER_URL", "amqps://u:p@hush@h/", "percent-encode"),
        ("BROKER_URL", "kafka://u:hush@h", "redis://"),
        ("API_URL", "ftp://somewhere", "https://"),
        ("API_URL", "https://somewhere/?key=hush", "TAGGER_API_KEY"),
        ("API_URL", "https://[somewhere", "is not an address"),
        ("API_URL", "https://somewhere:70000/", "is not an address"),
        ("FEED", "all", "which new questions"),
        ("RETRAIN_CRON", "weekly", "cron"),
        ("RETRAIN_CRON", "61 * * * *", "cron"),
        ("RETRAIN_CRON", "a b c d e", "cron"),
        ("BACKUP_CRON", "off", "is not five fields of cron"),
        ("BACKUP_CRON", "nightly", "is not five fields of cron"),
        ("BACKUP_KEEP", "0", "how many of its backups are kept"),
        ("TRAINING_QUESTIONS", "1" + 20 * "0", "how many questions a training reads"),
    ],
)
def test_a_wrong_value_is_one_line_with_the_variable_and_what_it_takes(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"TAGGER_{name}", value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    message = str(raised.value)
    assert message.startswith(f"TAGGER_{name}: ")
    assert says in message
    assert "\n" not in message
    assert "hush" not in message


def test_a_plain_postgres_address_gets_the_driver_that_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", "postgresql://u:p%40ss@h/d")
    assert load_settings().database == "postgresql+psycopg://u:p%40ss@h/d"


def test_settings_come_from_a_file_too_and_the_environment_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("TAGGER_SITES=cooking\nTAGGER_TOP_TAGS=50\nOTHER=1\n")
    monkeypatch.setenv("TAGGER_TOP_TAGS", "60")
    settings = load_settings()
    assert (settings.sites, settings.top_tags) == (("cooking",), 60)


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_API_KEY", "hush-hush")
    monkeypatch.setenv("TAGGER_BROKER_URL", "redis://:hush-hush@h:1/0")
    assert "hush" not in repr(load_settings())


@pytest.mark.parametrize(
    "name", ["c#-tagger", "what? is", "50%20off", "a.sqlite3?uri=true", "%(x)s", "\u00fc;@:\\[]"]
)
def test_a_data_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    settings = Settings(data_dir=tmp_path / name)
    engine = make_engine(settings.database)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()
    assert (tmp_path / name / "tagger.sqlite3").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_sites_are_known_by_whatever_people_call_them() -> None:
    named = "Stats, https://stats.stackexchange.com/,ru.stackoverflow.com"
    assert Settings(sites=named).sites == ("stats", "ru.stackoverflow")  # type: ignore[arg-type]


def test_a_folder_whose_name_is_not_utf_8_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(SettingsError, match=r"TAGGER_DATA_DIR: .*is not UTF-8"):
        load_settings()
