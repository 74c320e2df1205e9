"""The tables of the review: what people say of questions, and what helps them to say it.

`verdicts` and `reviews` hold what stands; `review_actions` with `review_changes` hold how it came
to stand so, which is what taking back needs. `review_queue` is what the next question is chosen
from: a narrow row for each question that has a prediction, so that no choice reads texts.
"""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Boolean,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database.tables import BigId, Json, Table, partial_index

# Which holds NULL where there is none, and not JSON's own null.
_JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

IS_OPEN = "reviews < wanted_reviews"  # of a row of the queue, as its indexes have it


def _question_key() -> Mapped[int]:
    return mapped_column(BigId, ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True)


class Verdict(Table):
    """What a reviewer says of one tag for a question, whatever the model thinks of it.

    What several say together: `core/questions/verdicts.py`.
    """

    __tablename__ = "verdicts"
    __table_args__ = (
        Index("ix_verdicts_site_tag_verdict", "site", "tag", "verdict"),
        Index("ix_verdicts_at_site", "at", "site"),
    )

    question_pk: Mapped[int] = _question_key()
    reviewer: Mapped[str] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[Literal["accepted", "rejected", "added"]] = mapped_column(
        Enum("accepted", "rejected", "added", native_enum=False, name="verdict", length=16)
    )
    settles: Mapped[bool] = mapped_column(  # decides a conflict, whatever the others say
        Boolean, default=False, server_default=false()
    )
    at: Mapped[datetime]
    site: Mapped[str]  # the question's


class Review(Table):
    """That a reviewer has done with a question as a whole."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index("ix_reviews_reviewer_at", "reviewer", "at"),
        Index("ix_reviews_at", "at"),
    )

    question_pk: Mapped[int] = _question_key()
    reviewer: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(  # saved, or skipped for good
        String(16), default="saved", server_default="saved"
    )
    model_version_id: Mapped[int | None] = mapped_column(BigId)  # whose suggestions were seen
    blind: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    # Of a blind one: the tags that were chosen before the suggestions were shown.
    first_choice: Mapped[list[str] | None] = mapped_column(_JsonOrNull)


class QueuedQuestion(Table):
    """A question that has a prediction, as the choice of the next one to review sees it."""

    __tablename__ = "review_queue"
    __table_args__ = (
        partial_index("review_queue_open", IS_OPEN, ["site", "question_pk"]),
        partial_index("review_queue_reviewed", "reviews >= wanted_reviews", ["site"]),
        partial_index("review_queue_predicted_at", IS_OPEN, ["site", "predicted_at"]),
        partial_index("review_queue_uncertainty", IS_OPEN, ["site", "uncertainty"]),
        partial_index("review_queue_label_quality", IS_OPEN, ["site", "label_quality"]),
        partial_index("review_queue_conflicting", "conflicting", ["site", "question_pk"]),
        partial_index("review_queue_unscored", "uncertainty IS NULL", ["question_pk"]),
    )

    question_pk: Mapped[int] = _question_key()
    site: Mapped[str]
    model_version_id: Mapped[int] = mapped_column(BigId)  # of its newest prediction
    predicted_at: Mapped[datetime]
    uncertainty: Mapped[float | None] = mapped_column(Float(53))  # unset: to be scored
    label_quality: Mapped[float | None] = mapped_column(Float(53))  # of the author's tags
    reviews: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # saved ones
    wanted_reviews: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    conflicting: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class ReviewClaim(Table):
    """That a question stands on a reviewer's screen, so that no other gets it by accident."""

    __tablename__ = "review_claims"

    question_pk: Mapped[int] = _question_key()
    reviewer: Mapped[str] = mapped_column(index=True)
    until: Mapped[datetime]
    queue: Mapped[str] = mapped_column(String(64))  # digest of the order and filter that gave it


class ReviewAction(Table):
    """One decision of a reviewer, on one question or on many; what can be taken back."""

    __tablename__ = "review_actions"
    __table_args__ = (
        UniqueConstraint("reviewer", "request_id"),
        Index("ix_review_actions_reviewer_id", "reviewer", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reviewer: Mapped[str]
    site: Mapped[str]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))  # save, skip, bulk, settle
    request_id: Mapped[str] = mapped_column(String(64))  # its sender's; a repeated one does nothing
    summary: Mapped[dict[str, Any]] = mapped_column(Json)  # for the history that people read
    undone_at: Mapped[datetime | None]


class ReviewChange(Table):
    """What an action replaced on one question: the reviewer's verdicts and review of before."""

    __tablename__ = "review_changes"

    action_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("review_actions.id", ondelete="CASCADE"), primary_key=True
    )
    question_pk: Mapped[int] = mapped_column(
        BigId, ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    before: Mapped[dict[str, Any]] = mapped_column(Json)


class Note(Table):
    """A reviewer's remark on a question."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    question_pk: Mapped[int] = mapped_column(
        BigId, ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )
    reviewer: Mapped[str]
    at: Mapped[datetime]
    text: Mapped[str]


class BlockedTag(Table):
    """A tag that is no tag for a site: it is never suggested there."""

    __tablename__ = "blocked_tags"

    site: Mapped[str] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    reviewer: Mapped[str]
    at: Mapped[datetime]


class SavedFilter(Table):
    """A filter that a reviewer gave a name."""

    __tablename__ = "saved_filters"

    reviewer: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    filter: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime]


class Reviewer(Table):
    """A person who may review, known by a token; the token itself is stored nowhere."""

    __tablename__ = "reviewers"

    name: Mapped[str] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class ReviewSession(Table):
    """That a browser is logged in."""

    __tablename__ = "review_sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the cookie
    reviewer: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Webhook(Table):
    """An address that is told of new suggestions or of disputed tags."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    url: Mapped[str]
    secret: Mapped[str]  # signs what is sent
    event: Mapped[str] = mapped_column(String(16))  # suggested, disputed
    filter: Mapped[dict[str, Any]] = mapped_column(Json)  # site, tag, min_probability
    reviewer: Mapped[str]
    created_at: Mapped[datetime]
    read_to: Mapped[datetime]  # predictions of before are not told of
    disabled_at: Mapped[datetime | None]


class OutgoingEvent(Table):
    """What a webhook is told, until it says that it has it."""

    __tablename__ = "outgoing_events"
    __table_args__ = (
        UniqueConstraint("webhook_id", "question_pk", "model_version_id"),
        partial_index("outgoing_events_due", "delivered_at IS NULL", ["next_try_at"]),
        partial_index(
            "outgoing_events_delivered", "delivered_at IS NOT NULL", ["webhook_id", "delivered_at"]
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(BigId, ForeignKey("webhooks.id", ondelete="CASCADE"))
    question_pk: Mapped[int] = mapped_column(BigId, ForeignKey("questions.id", ondelete="CASCADE"))
    model_version_id: Mapped[int] = mapped_column(BigId)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    refusals: Mapped[int] = mapped_column(  # of the attempts, those with an answer
        Integer, default=0, server_default="0"
    )
    error: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
