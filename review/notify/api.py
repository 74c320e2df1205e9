"""The endpoints of webhooks: who is told of new suggestions and of disputed tags."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from core.database.engine import reading
from review.api.browse_models import Model
from review.api.fields import Line, Number, Share, Site, TypedTag
from review.notify.entries import Kind
from review.notify.trial import send_test
from review.notify.webhooks import (
    MAX_QUALITY,
    ListedWebhook,
    Wanted,
    add_webhook,
    check_url,
    delete_webhook,
    list_webhooks,
    retry_failed,
    set_enabled,
)
from review.web.context import ContextDep, ReviewerDep

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])


class Events(Model):
    """Which events a webhook wants."""

    event: Kind
    site: Site
    tag: TypedTag | None = None
    min_probability: Share | None = None
    max_quality: Share = Field(default=MAX_QUALITY, description="Of disputed ones.")


class NewWebhook(Events):
    """A webhook to add."""

    url: Annotated[Line, Field(max_length=2_000), AfterValidator(check_url)]


class AddedWebhook(BaseModel):
    """What is told once: the secret that signs."""

    id: int
    secret: str


class WebhookRow(Model):
    """A webhook as it is listed, without its secret."""

    id: int
    url: str
    wanted: Events
    reviewer: str
    created_at: datetime
    disabled_at: datetime | None
    shut_out: bool = Field(description="Who added it was removed: it is told nothing more.")
    waiting: int = Field(description="Events that it has not confirmed and that are sent again.")
    refused: int = Field(description="Of those that wait, the ones that it was sent already.")
    failed: int = Field(description="Events that it has refused too often: sent no more.")
    error: str | None = Field(description="Of its latest event that failed or waits.")
    next_try_at: datetime | None = Field(description="Of the first one that waits.")
    last_delivery: datetime | None = Field(description="When it last confirmed one, for a week.")


class Retried(BaseModel):
    """How many events are sent again."""

    count: int


class TriedWebhook(BaseModel):
    """What became of a test event; the error is null where the receiver has confirmed."""

    error: str | None


class WebhookChange(BaseModel):
    """Whether it is served; while it is not, what there is to tell waits."""

    enabled: bool


@router.get("")
def show_webhooks(context: ContextDep, _: ReviewerDep) -> list[WebhookRow]:
    """All webhooks."""
    with reading(context.engine) as connection:
        found: list[ListedWebhook] = list_webhooks(connection)
    return [WebhookRow.model_validate(one) for one in found]


@router.post("", status_code=201)
def create_webhook(context: ContextDep, reviewer: ReviewerDep, sent: NewWebhook) -> AddedWebhook:
    """Add a webhook; the answer holds its secret, which is never told again."""
    wanted = Wanted(**sent.model_dump(exclude={"url"}))
    now = context.clock.now()
    with context.engine.begin() as connection:
        number, secret = add_webhook(connection, sent.url, wanted, reviewer, now=now)
    return AddedWebhook(id=number, secret=secret)


@router.patch("/{webhook_id}", status_code=204)
def change_webhook(
    context: ContextDep, _: ReviewerDep, webhook_id: Number, sent: WebhookChange
) -> None:
    """Let a webhook wait, or go on."""
    with context.engine.begin() as connection:
        set_enabled(connection, webhook_id, enabled=sent.enabled, now=context.clock.now())


@router.post("/{webhook_id}/retry")
def retry_webhook(context: ContextDep, _: ReviewerDep, webhook_id: Number) -> Retried:
    """Send the events again that a webhook has refused too often."""
    with context.engine.begin() as connection:
        count = retry_failed(connection, webhook_id, now=context.clock.now())
    return Retried(count=count)


@router.post("/{webhook_id}/test")
def try_webhook(context: ContextDep, _: ReviewerDep, webhook_id: Number) -> TriedWebhook:
    """Send a webhook a test event, once and at once; the answer tells what came of it."""
    return TriedWebhook(error=send_test(context.engine, context.clock, webhook_id).error)


@router.delete("/{webhook_id}", status_code=204)
def remove_webhook(context: ContextDep, _: ReviewerDep, webhook_id: Number) -> None:
    """Delete a webhook, with what it has not been told yet."""
    with context.engine.begin() as connection:
        delete_webhook(connection, webhook_id)
