"""The addresses that are told of new suggestions and of disputed tags: added, listed, deleted."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import ScalarSelect, and_, delete, exists, func, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.engine import dialect_insert
from core.database.known_tags import find_tag
from core.database.review_tables import OutgoingEvent, Reviewer, Webhook
from core.errors import UnknownWebhook
from review.browse.filters import BrowseFilter
from review.decisions.site_tags import require_site
from review.notify.entries import Kind

MAX_QUALITY: Final = 0.2  # an author's tag outside of the ten most probable comes to no more
_LONGEST_URL: Final = 2_000
NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)  # the next try of an event that has failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events a webhook wants; what is None does not matter.

    Attributes:
        event: suggested (a new prediction with a suggested tag) or disputed (the label quality of
            the author's tags is low).
        site: of this site.
        tag: as the filter of the pages has it: the author's, or suggested.
        min_probability: whose tag, or any tag where none is named, is as probable.
        max_quality: of disputed ones, the highest label quality.
    """

    event: Kind
    site: str
    tag: str | None = None
    min_probability: float | None = None
    max_quality: float = MAX_QUALITY

    def to_filter(self) -> BrowseFilter:
        """The same as the pages' filter."""
        return BrowseFilter(
            site=self.site,
            tag=self.tag,
            min_probability=self.min_probability,
            state="suggested" if self.event == "suggested" else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedWebhook:
    """A webhook without its secret. Times are UTC.

    Attributes:
        reviewer: who added it.
        disabled_at: since when nothing is sent to it; what there is to tell waits.
        shut_out: who added it was removed, so it is told nothing more.
        waiting: events that it has not confirmed and that are sent again.
        refused: of those that wait, the ones that it was sent and has not confirmed.
        failed: events that it has refused too often; they are sent no more.
        error: of its latest event that failed or waits.
        next_try_at: when the first of what waits is sent next.
        last_delivery: when it last confirmed an event, which is known for a week.
    """

    id: int
    url: str
    wanted: Wanted
    reviewer: str
    created_at: datetime
    disabled_at: datetime | None
    shut_out: bool
    waiting: int
    refused: int
    failed: int
    error: str | None
    next_try_at: datetime | None
    last_delivery: datetime | None


def check_url(url: str) -> str:
    """Return an address that a webhook may have.

    Raises:
        ValueError: it is none: its text says why.
    """
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"an address has at most {_LONGEST_URL:,} printable ASCII characters")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("an address begins with http:// or https:// and names a host")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("an address holds no user, password or fragment")
    return url


def add_webhook(
    connection: Connection, url: str, wanted: Wanted, reviewer: str, *, now: datetime
) -> tuple[int, str]:
    """Add a webhook, which is told of predictions from now on; return its number and its secret.

    Its tag is kept as the site writes it: by another spelling it would be told of nothing.

    Raises:
        UnknownSite: there is no question of the site.
        UnknownTag: no question has the tag.
        ValueError: of check_url().
    """
    require_site(connection, wanted.site)
    if wanted.tag is not None:
        wanted = replace(wanted, tag=find_tag(connection, wanted.tag, sites=[wanted.site]))
    secret = secrets.token_hex(32)
    row = {
        "url": check_url(url),
        "secret": secret,
        "event": wanted.event,
        "filter": _to_json(wanted),
        "reviewer": reviewer,
        "created_at": now,
        "read_to": now,
    }
    added = dialect_insert(connection, Webhook).values(**row).returning(Webhook.id)
    return int(connection.execute(added).scalar_one()), secret


def _to_json(wanted: Wanted) -> dict[str, Any]:
    found = {
        "site": wanted.site,
        "tag": wanted.tag,
        "min_probability": wanted.min_probability,
        "max_quality": wanted.max_quality if wanted.event == "disputed" else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def wanted_of(row: Any) -> Wanted:
    """Which events a row of `webhooks` wants."""
    return Wanted(event=row.event, **row.filter)


def is_enabled() -> ColumnElement[bool]:
    """Whether a row of `webhooks` is served: neither it nor who added it is shut out."""
    return and_(Webhook.disabled_at.is_(None), ~_is_shut_out())


def _is_shut_out() -> ColumnElement[bool]:
    return exists().where(Reviewer.name == Webhook.reviewer, Reviewer.disabled_at.is_not(None))


def has_failed() -> ColumnElement[bool]:
    """Whether an event was refused so often that it is sent no more."""
    return OutgoingEvent.next_try_at >= NEVER


def event_counts() -> tuple[ColumnElement[int], ...]:
    """How many events wait, were sent already among those, and have failed.

    Columns `waiting`, `refused` and `failed` of a SELECT of events that were not delivered.
    """
    return (
        func.count().filter(~has_failed()).label("waiting"),
        func.count().filter(~has_failed(), OutgoingEvent.attempts > 0).label("refused"),
        func.count().filter(has_failed()).label("failed"),
    )


def list_webhooks(connection: Connection) -> list[ListedWebhook]:
    """All webhooks, by their numbers."""
    event = OutgoingEvent
    waiting = (
        select(
            event.webhook_id,
            *event_counts(),
            func.min(event.next_try_at, type_=event.next_try_at.type).label("next_try_at"),
        )
        .where(event.delivered_at.is_(None))
        .group_by(event.webhook_id)
        .subquery()
    )
    rows = (
        select(Webhook.__table__, *waiting.c[1:])
        .add_columns(_newest_error().label("error"), _last_delivery().label("last_delivery"))
        .add_columns(_is_shut_out().label("shut_out"))
        .outerjoin(waiting, waiting.c.webhook_id == Webhook.id)
        .order_by(Webhook.id)
    )
    return [_listed(row) for row in connection.execute(rows)]


def _newest_error() -> ScalarSelect[str | None]:
    return (
        select(OutgoingEvent.error)
        .where(
            OutgoingEvent.webhook_id == Webhook.id,
            OutgoingEvent.delivered_at.is_(None),
            OutgoingEvent.error.is_not(None),
        )
        .order_by(OutgoingEvent.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _last_delivery() -> ScalarSelect[datetime | None]:
    """By the index of what was delivered: there may be as many events as questions of a week."""
    return (
        select(OutgoingEvent.delivered_at)
        .where(OutgoingEvent.webhook_id == Webhook.id, OutgoingEvent.delivered_at.is_not(None))
        .order_by(OutgoingEvent.delivered_at.desc())
        .limit(1)
        .scalar_subquery()
    )


def _listed(row: Any) -> ListedWebhook:
    return ListedWebhook(
        id=row.id,
        url=row.url,
        wanted=wanted_of(row),
        reviewer=row.reviewer,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        shut_out=bool(row.shut_out),
        waiting=row.waiting or 0,
        refused=row.refused or 0,
        failed=row.failed or 0,
        error=row.error,
        next_try_at=row.next_try_at if row.waiting else None,  # else that of none: NEVER
        last_delivery=row.last_delivery,
    )


def set_enabled(connection: Connection, number: int, *, enabled: bool, now: datetime) -> None:
    """Let a webhook be served or not; meanwhile what there is to tell waits.

    Raises:
        UnknownWebhook: there is none of that number.
    """
    change = update(Webhook).where(Webhook.id == number)
    values = {"disabled_at": None if enabled else now}
    _require(connection.execute(change.values(**values)).rowcount, number)


def retry_failed(connection: Connection, number: int, *, now: datetime) -> int:
    """Have a webhook's events that have failed sent again, as if new; return how many.

    Raises:
        UnknownWebhook: there is none of that number.
    """
    _require(connection.execute(select(Webhook.id).where(Webhook.id == number)).all(), number)
    failed = (OutgoingEvent.webhook_id == number, OutgoingEvent.delivered_at.is_(None))
    change = update(OutgoingEvent).where(*failed, has_failed())
    anew = {"attempts": 0, "refusals": 0, "next_try_at": now, "failed_at": None}
    return connection.execute(change.values(anew)).rowcount


def delete_webhook(connection: Connection, number: int) -> None:
    """Delete a webhook, with what it has not been told yet.

    Raises:
        UnknownWebhook: there is none of that number.
    """
    _require(connection.execute(delete(Webhook).where(Webhook.id == number)).rowcount, number)


def _require(found: object, number: int) -> None:
    if not found:
        raise UnknownWebhook(f"There is no webhook {number}.")
