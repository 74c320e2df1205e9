"""The tables.

A question's way through them: the poller or an import writes `questions`, and their author tags
once more into `question_tags`, by which they are found and counted (the database itself keeps
`tag_uses`), and a row of `tagging_requests`; a worker deletes that row, and writes one of
`predictions`, of whose likely tags the database keeps `likely_tags`; people write `verdicts` and
`reviews`. The view `predicted_tags` gives a row for each tag of a prediction (`views.py`);
`tag_suggestions` and `suggestions_by_tag`, by migrations, join them for those who query with SQL.

A question is *pending* while it has a row of `tagging_requests` and is not parked
(`core/questions/lifecycle.py`). Times are UTC. Others: `api_tables.py`, `review_tables.py`.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Computed,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


IS_GONE = "state IN ('deleted', 'migrated')"  # of a question, as its index has it


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite, which has no time zones, holds it as UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a naive datetime, whose meaning would depend on the machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the time back aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows for INTEGER keys only
Json = JSON().with_variant(JSONB, "postgresql")
Texts = JSON().with_variant(ARRAY(Text), "postgresql")
Floats = JSON().with_variant(ARRAY(Float(53)), "postgresql")


class Table(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, int: BigInteger, str: Text}  # noqa: RUF012


def partial_index(
    name: str, condition: str, columns: Sequence[str], *, unique: bool = False
) -> Index:
    """An index of those rows alone for which a condition holds, as SQL has it."""
    where = text(condition)
    return Index(f"ix_{name}", *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class Question(Table):
    """A question as its site holds it."""

    __tablename__ = "questions"
    __table_args__ = (
        UniqueConstraint("site", "question_id"),
        Index("ix_questions_site_created_at", "site", "created_at"),
        Index("ix_questions_site_state_checked_at", "site", "state", "checked_at"),
        partial_index("questions_gone", IS_GONE, ["id"]),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)  # other tables' question_pk
    site: Mapped[str]
    question_id: Mapped[int]  # the site's own number
    title: Mapped[str]
    body: Mapped[str]  # HTML, as the site holds it
    author_tags: Mapped[list[str]] = mapped_column(Json)
    link: Mapped[str | None]
    owner: Mapped[str | None]  # display name, for the attribution that the licence asks for
    licence: Mapped[str | None]
    score: Mapped[int | None]
    answer_count: Mapped[int | None]
    created_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime]
    content_hash: Mapped[str] = mapped_column(String(64))  # of title and body: what is tagged

    state: Mapped[str] = mapped_column(  # on its site: open, answered, closed, migrated, deleted
        String(16), default="open", server_default="open"
    )
    state_at: Mapped[datetime | None]  # when it was first seen to be so
    state_told_at: Mapped[datetime | None]  # as of when it was last told; None of before 0017
    checked_at: Mapped[datetime | None]  # when the API was last asked for it; at first, when stored


class TaggingRequest(Table):
    """That a question is to be tagged, and how far that has come; a tagged one has no row.

    Narrow, since each tagging changes it several times. `enqueued_at` and `attempts` are in no
    index, so Postgres writes those changes within their page (HOT); `exhausted` (MAX_ATTEMPTS are
    behind it), by which is found what to park, changes with the last attempt alone.
    """

    __tablename__ = "tagging_requests"
    __table_args__ = (
        partial_index(
            "tagging_requests_pending",
            "parked_at IS NULL",
            ["site", "priority", "requested_at", "question_pk"],
        ),
        partial_index("tagging_requests_parked", "parked_at IS NOT NULL", ["site", "parked_at"]),
        partial_index(
            "tagging_requests_exhausted", "exhausted AND parked_at IS NULL", ["question_pk"]
        ),
    )

    question_pk: Mapped[int] = mapped_column(
        BigId, ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True
    )
    site: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger)  # 0 the live feed's, 1 a backfill's
    requested_at: Mapped[datetime]
    enqueued_at: Mapped[datetime | None]  # when it was last put into the queue, or taken from it
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    error: Mapped[str | None]  # what the last attempt ended with
    parked_at: Mapped[datetime | None]  # after too many attempts; until a person releases it
    exhausted: Mapped[bool] = mapped_column(Computed("attempts >= 3", persisted=True))


class QuestionTag(Table):
    """One of a question's author tags, to find questions by it; `author_tags` keeps their order."""

    __tablename__ = "question_tags"
    __table_args__ = (Index("ix_question_tags_site_tag", "site", "tag", "question_pk"),)

    question_pk: Mapped[int] = mapped_column(
        BigId, ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str]


class ModelVersion(Table):
    """A trained model: never changed, only made live or not."""

    __tablename__ = "model_versions"
    __table_args__ = (
        UniqueConstraint("site", "version"),
        partial_index("model_versions_live", "live", ["site"], unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site: Mapped[str]
    version: Mapped[int] = mapped_column(Integer)  # 1, 2, 3, … of its site
    created_at: Mapped[datetime]
    architecture: Mapped[str]
    metrics: Mapped[dict[str, Any]] = mapped_column(Json)
    size: Mapped[int] = mapped_column(default=0, server_default="0")  # bytes of its bundle
    sha256: Mapped[str] = mapped_column(String(64))
    served_sha256: Mapped[dict[str, str] | None] = mapped_column(Json)  # of what workers read of it
    live: Mapped[bool] = mapped_column(default=False)
    learned_until: Mapped[datetime | None]  # when the newest was created that it learned from
    learned_row: Mapped[int | None]  # the last row of `questions` that it learned from, made here
    learned_through: Mapped[int | None]  # in place of both, a number: of models before 0013
    pruned_at: Mapped[datetime | None]  # when its bundle was deleted


class BundlePart(Table):
    """A piece of a version's bundle; a table of its own, so that nobody walks over the bytes."""

    __tablename__ = "bundle_parts"

    model_version_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("model_versions.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)  # from 0, in the zip's order
    data: Mapped[bytes] = mapped_column(LargeBinary)  # a mebibyte, the last one less


class Promotion(Table):
    """That a version was made its site's live one; the newest of a site names the one that is."""

    __tablename__ = "promotions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site: Mapped[str] = mapped_column(index=True)
    model_version_id: Mapped[int] = mapped_column(BigId, ForeignKey("model_versions.id"))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(16))  # gate, hand, rollback


class Prediction(Table):
    """That a model version has tagged a question, once, and its ten most probable tags.

    Arrays, since rows of their own took four times the server's time, and the room
    (`benchmarks/prediction_layouts.py`). Never updated: another prediction takes its place.
    """

    __tablename__ = "predictions"
    __table_args__ = (
        partial_index("predictions_unscored", "scored_at IS NULL", ["model_version_id"]),
    )

    question_pk: Mapped[int] = mapped_column(
        BigId, ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True
    )
    model_version_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("model_versions.id"), primary_key=True, index=True
    )
    predicted_at: Mapped[datetime] = mapped_column(index=True)
    content_hash: Mapped[str] = mapped_column(String(64))  # of the text that was read
    tags: Mapped[list[str]] = mapped_column(Texts)  # the suggested ones first
    probabilities: Mapped[list[float]] = mapped_column(Floats)  # of the tags, in their order
    suggested_count: Mapped[int] = mapped_column(SmallInteger)
    scored_at: Mapped[datetime | None]  # when it was counted into the live agreement, or passed by


class LikelyTag(Table):
    """A tag that a prediction suggests, or finds probable: questions are found by it.

    In the order of the predictions' times. Triggers write and delete these rows with those of
    `predictions` (migration 0031).
    """

    __tablename__ = "likely_tags"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tag: Mapped[str] = mapped_column(primary_key=True)
    predicted_at: Mapped[datetime] = mapped_column(primary_key=True)
    question_pk: Mapped[int] = mapped_column(BigId, primary_key=True)
    model_version_id: Mapped[int] = mapped_column(BigId, primary_key=True)


class TrainingRun(Table):
    """One try to train a model: how it went."""

    __tablename__ = "training_runs"
    __table_args__ = (Index("ix_training_runs_site_started_at", "site", "started_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]  # published, promoted, skipped, failed; unset while it runs
    error: Mapped[str | None]
    model_version_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("model_versions.id"))
    report: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # HTML, gzipped
    fingerprint: Mapped[str | None] = mapped_column(String(64))  # of the questions and their tags
    questions: Mapped[int | None]  # that it had to learn from and to judge by
    seen_until: Mapped[datetime | None]  # questions created later had not settled
    seen_row: Mapped[int | None]  # the last of the site's rows of `questions` when it began
    newest_question_id: Mapped[int | None]  # in place of both, of runs before revision 0013
    decision: Mapped[str | None]  # one line: why its version was promoted or not, or why skipped


class KilledProcess(Table):
    """That the system killed a process of a worker."""

    __tablename__ = "killed_processes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    worker: Mapped[str]  # its name and host
    at: Mapped[datetime] = mapped_column(index=True)
    site: Mapped[str | None]  # of the batch that it had in hand
    questions: Mapped[int] = mapped_column(Integer)  # of that batch
    held_bytes: Mapped[int | None]  # in memory, when it was last looked at


class LastSign(Table):
    """When a part of the service last wrote that it gets on, and why it ended if it has."""

    __tablename__ = "last_signs"

    name: Mapped[str] = mapped_column(primary_key=True)  # as Celery knows it: tagging@host
    at: Mapped[datetime]
    ended: Mapped[str | None]  # why, by its own words; nothing of who runs, or was killed
    waits_for: Mapped[str | None]  # what it cannot go on without, such as the broker
    memory_bytes: Mapped[int | None]  # that its container holds, where that has a limit
    memory_limit: Mapped[int | None]
    version: Mapped[str | None]  # of the program that it runs


class LiveAgreement(Table):
    """How a version's predictions of one day agree with the tags that authors settled on."""

    __tablename__ = "live_agreement"

    model_version_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("model_versions.id"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)  # of the predictions, UTC
    site: Mapped[str]
    questions: Mapped[int]
    first_hits: Mapped[int]  # whose most probable tag is one of the author's
    recall_at_5_sum: Mapped[float] = mapped_column(Float(53))
    without_suggestion: Mapped[int]


class Drift(Table):
    """That a version's live agreement has dropped beyond chance; reported once."""

    __tablename__ = "drifts"

    model_version_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("model_versions.id"), primary_key=True
    )
    found_at: Mapped[datetime]
    description: Mapped[str]
