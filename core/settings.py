"""The settings: environment variables and `.env`, with the prefix `TAGGER_`."""

import os
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.addresses import (
    check_api_address,
    check_broker_address,
    read_database_address,
    sqlite_address,
)
from core.errors import SettingsError
from core.settings_help import explain, unknown_variables
from core.site_names import site_name

PREFIX = "TAGGER_"

PolledQuestions = Literal["unanswered", "no-answers", "questions"]
Retag = Literal["pending", "recent", "all", "none"]
Architecture = Literal["branched", "branched-encoder", "conv1d", "simple"]


class Settings(BaseSettings):
    """All that can be set; `docs/settings.md` describes each for users.

    Addresses may carry passwords, so they are secrets: `repr` and logs show none of them.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Field(
        default=Path("data"), description="a folder for the SQLite file and the embedded Redis"
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql+psycopg://user:password@host/name or sqlite:///path; "
        "an SQLite file in the data folder where it is not set",
    )
    database_service_password: SecretStr | None = Field(
        default=None, description="a password for the role of the services, on Postgres"
    )
    database_reader_password: SecretStr | None = Field(
        default=None, description="a password for the role that reads, on Postgres"
    )
    broker_url: SecretStr | None = Field(
        default=None,
        description="redis://[:password@]host:port/db, or amqp://user:password@host/vhost of a "
        "RabbitMQ; the embedded Redis where it is not set",
    )

    sites: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("stats",),
        description="sites to poll, by the API's names or their addresses, separated by commas",
    )
    api_url: str = Field(
        default="https://api.stackexchange.com/2.3", description="the API's base URL"
    )
    api_key: SecretStr | None = Field(
        default=None, description="an application key: 10,000 requests a day instead of 300"
    )
    feed: PolledQuestions = Field(
        default="unanswered", description="which new questions are polled"
    )
    poll_seconds: float = Field(
        default=300, ge=1, le=86_400, description="pause between two polls of a site, in seconds"
    )
    first_poll_days: float = Field(
        default=1, ge=0, le=3650, description="how far back a site's first poll reads, in days"
    )
    changed_seconds: float = Field(
        default=1800,
        ge=60,
        le=604_800,
        description="pause between two looks for edited and retagged questions, in seconds",
    )
    refresh_hours: float = Field(
        default=24,
        ge=1,
        le=8760,
        description="how long a tagged question is believed to stand as it was last seen, in hours",
    )
    history_questions: int = Field(
        default=20_000, ge=0, description="how many past questions a site's history fetches"
    )

    architecture: Architecture = Field(
        default="branched",
        description="which network is trained, by the schedule and by people who choose none",
    )
    top_tags: int | None = Field(
        default=None,
        ge=2,
        le=100_000,
        description="how many of a site's tags are learned, the most frequent; unset learns all of "
        "some uses",
    )
    min_questions: int = Field(
        default=200,
        ge=50,
        description="a site with fewer tagged questions that have settled is not trained",
    )
    retrain_cron: str = Field(
        default="0 3 * * 0", description="cron's five fields (UTC) of when to retrain, or off"
    )
    retrain_new_questions: int = Field(
        default=200, ge=1, description="a scheduled training with fewer new questions is skipped"
    )
    retrain_on_drift: bool = Field(
        default=True, description="whether drift of the live model asks for training: true or false"
    )
    training_seconds: int = Field(
        default=7200, ge=60, description="a training run that takes longer is ended"
    )
    training_questions: int = Field(
        default=100_000, ge=50, le=10**9, description="how many questions a training reads at most"
    )
    teacher: str | None = Field(
        default=None,
        description="a sentence encoder that the network learns from in training, and that "
        "branched-encoder reads when it tags, too: a folder with model.onnx and tokenizer.json, or "
        "the name of an installed package",
    )
    settle_days: float = Field(
        default=3,
        ge=0,
        le=3650,
        description="how old a question is, in days, before its author's tags are relied on",
    )
    min_precision: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="the precision that each tag's suggestions are to have, between 0 and 1; "
        "where it is not set, thresholds are those of the best F1",
    )
    gate_confidence: float = Field(
        default=0.8,
        ge=0.5,
        lt=1,
        description="how sure it must be that a new model is better, from 0.5 to below 1",
    )
    keep_versions: int = Field(
        default=5, ge=2, description="how many of a site's newest models are kept beside the live"
    )
    keep_predictions_days: float | None = Field(
        default=None,
        ge=0,
        le=36_500,
        description="how long predictions of pruned models are kept, in days, where a newer one "
        "stands and nobody has reviewed the question; for ever where it is not set",
    )
    retag: Retag = Field(
        default="pending",
        description="which tagged questions a newly promoted model tags again: "
        "pending (open and not reviewed), recent, all or none",
    )
    retag_days: float = Field(
        default=30, gt=0, le=3650, description="how far back recent reaches, in days"
    )

    lease_seconds: int = Field(
        default=120,
        ge=5,
        le=86_400,
        description="a question pending longer than this is enqueued again",
    )
    worker_processes: int = Field(
        default=2, ge=1, le=256, description="processes of one tagging worker"
    )

    model_cache_dir: Path | None = Field(
        default=None,
        description="a folder for unpacked models, which the processes of a machine share; "
        "models in the data folder where it is not set",
    )
    model_cache_mb: int = Field(
        default=4000,
        ge=100,
        le=1_000_000,
        description="how large that folder becomes, in MB; what was not used for the longest "
        "time is deleted first",
    )
    model_memory_mb: int = Field(
        default=256,
        ge=1,
        le=1_000_000,
        description="how much memory the models of one process take, in MB, where it serves "
        "several sites; the one that was not used for the longest time is dropped first",
    )

    review_host: str = Field(
        default="127.0.0.1", description="the address on which the review page listens"
    )
    review_port: int = Field(
        default=8080, ge=1, le=65_535, description="the port on which it listens"
    )
    review_names: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("localhost",),
        description="names by which browsers may call the review page besides numeric addresses, "
        "separated by commas",
    )
    review_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="a token of at least 16 characters that logs the owner in; one is made and "
        "kept in the data folder where it is not set",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="a token of at least 16 characters that reads /metrics and nothing else; "
        "without it a reviewer's own does",
    )
    review_images: bool = Field(
        default=False,
        description="whether the review page loads questions' images from other hosts: "
        "true or false",
    )

    backup_folder: Path | None = Field(
        default=None,
        description="a folder into which the scheduler backs the database up; where it is not set, "
        "it does not",
    )
    backup_cron: str = Field(
        default="0 2 * * *", description="cron's five fields (UTC) of when it does"
    )
    backup_keep: int = Field(
        default=7, ge=1, le=10_000, description="how many of its backups are kept, the newest"
    )
    backup_models: bool = Field(
        default=True, description="whether the models are in them: true or false"
    )

    heartbeat_file: Path | None = Field(
        default=None, description="a file that a service touches while it runs"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="how much the services say"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="the form of the services' log: a line or an object an event"
    )

    @field_validator("sites", "review_names", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(dict.fromkeys(s for s in (p.strip() for p in value.split(",")) if s))
        return value

    @field_validator("sites")
    @classmethod
    def _check_sites(cls, sites: tuple[str, ...]) -> tuple[str, ...]:
        if not sites:
            raise ValueError("names no site")
        return tuple(dict.fromkeys(map(site_name, sites)))

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(read_database_address(value.get_secret_value()))

    @field_validator("broker_url")
    @classmethod
    def _check_broker(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_broker_address(value.get_secret_value())
        return value

    @field_validator("api_url")
    @classmethod
    def _check_api(cls, value: str) -> str:
        check_api_address(value, key=f"{PREFIX}API_KEY")
        return value.rstrip("/")

    @field_validator("retrain_cron", "backup_cron")
    @classmethod
    def _check_cron(cls, value: str, info: ValidationInfo) -> str:
        off = ", nor off" if info.field_name == "retrain_cron" else ""
        if (value == "off" and off) or value == cls.model_fields[str(info.field_name)].default:
            return value  # without Celery, which takes a while to load
        from celery.schedules import ParseException, crontab  # noqa: PLC0415 (the cron that runs)

        try:
            crontab.from_string(value)
        except (ParseException, ValueError, TypeError):
            wrong = f"is {'neither' if off else 'not'} five fields of cron, as 0 3 * * 0{off}"
            raise ValueError(wrong) from None
        return value

    @property
    def database(self) -> str:
        """The database's address, as SQLAlchemy takes it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return sqlite_address(self.data_dir / "tagger.sqlite3")

    @property
    def model_cache(self) -> Path:
        """The folder for unpacked models."""
        return (self.model_cache_dir or self.data_dir / "models").resolve()

    @property
    def uses_embedded_redis(self) -> bool:
        """Whether the broker is the Redis that comes with the program."""
        return self.broker_url is None


# Of every setting, whatever the environment says: where options of code take their defaults from.
DEFAULTS: Final = Settings.model_construct()


def load_settings() -> Settings:
    """Read the settings from the environment and `.env`.

    Raises:
        SettingsError: one line for the first wrong value: its variable and what it takes.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError(*explain(error, Settings.model_fields, prefix=PREFIX)) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(
            f"The file .env cannot be read: {reason}.", "Fix or remove it."
        ) from None
    try:
        str(settings.data_dir.resolve()).encode()
    except UnicodeEncodeError:
        raise SettingsError(
            f"{PREFIX}DATA_DIR: the name of the data folder, or of one above it, is not UTF-8, "
            "and SQLite opens no such file.",
            "Rename it, or set the variable to another folder.",
        ) from None
    return settings


def misspelt_variables(*files: Path) -> list[str]:
    """A line for each variable of the environment, of `.env` and of files that is no setting."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    return unknown_variables(known, os.environ, (Path(".env"), *files), prefix=PREFIX)
