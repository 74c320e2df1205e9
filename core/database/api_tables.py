"""The tables of the poller: how far each feed has come, and what the API grants."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Integer, String, and_, false, or_
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import ColumnElement

from core.clock import CLOCK_SET_BACK
from core.database.tables import Table


class FeedRow(Table):
    """How far the poller has come with one feed of a site."""

    __tablename__ = "feeds"

    site: Mapped[str] = mapped_column(primary_key=True)
    feed: Mapped[str] = mapped_column(primary_key=True)
    mark: Mapped[datetime | None]  # high-water: creation or activity time read up to
    fetched: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # questions so far
    complete: Mapped[bool] = mapped_column(default=False, server_default=false())  # nothing beyond
    attempted_at: Mapped[datetime | None]
    last_success: Mapped[datetime | None]
    last_error: Mapped[str | None]
    last_error_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # in a row
    retry_at: Mapped[datetime | None]  # not before then, after a failure


class ApiClient(Table):
    """What the API grants to this address with this key, or with none."""

    __tablename__ = "api_clients"

    client: Mapped[str] = mapped_column(primary_key=True)  # host and digest of the key
    quota_max: Mapped[int | None] = mapped_column(Integer)
    quota_remaining: Mapped[int | None] = mapped_column(Integer)
    quota_at: Mapped[datetime | None]  # when the API said so
    requested_at: Mapped[datetime | None]  # the last request, of whatever site


class ApiSite(Table):
    """Which client asks for a site: pauses are a client's own."""

    __tablename__ = "api_sites"

    site: Mapped[str] = mapped_column(primary_key=True)
    client: Mapped[str]  # that asked for it last


class PauseReason(StrEnum):
    """Why the API must not be asked now, as people read it and as it stands in `api_pauses`."""

    OWN_RULE = ""  # as that of one request at a time; lasts for seconds
    QUOTA = "today's quota is used up"
    BACKOFF = "backoff"
    THROTTLED = "throttle violation"
    KEY_REFUSED = "the API does not know TAGGER_API_KEY"
    UNREADABLE = "no readable answer"
    NOT_CONNECTED = "no connection"


class ApiPause(Table):
    """Until when no request may be made, as the API asks."""

    __tablename__ = "api_pauses"

    client: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)  # empty: all sites, all methods
    method: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    reason: Mapped[str]  # a PauseReason, or what another version of the program calls one
    made_at: Mapped[datetime | None]  # by the clock of then; older versions did not say

    @classmethod
    def holds(cls, now: datetime) -> ColumnElement[bool]:
        """Whether it is in force; one that a clock made which has been set back since is not."""
        is_past = or_(cls.made_at.is_(None), cls.made_at <= now + CLOCK_SET_BACK)
        return and_(cls.until > now, is_past)


class SentRequest(Table):
    """A request of the last minute, so that no identical one follows within it."""

    __tablename__ = "api_requests"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(index=True)


class ApiLease(Table):
    """That a process has a request of a site under way."""

    __tablename__ = "api_leases"

    site: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]


class SkippedItem(Table):
    """An item of an answer that could not be read as a question, and why."""

    __tablename__ = "skipped_items"

    site: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)  # the question's number, or a digest
    question_id: Mapped[int | None]
    feed: Mapped[str]
    reason: Mapped[str]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    times: Mapped[int] = mapped_column(Integer)


class TagSynonym(Table):
    """A tag that a site has renamed, or merged into another."""

    __tablename__ = "tag_synonyms"

    site: Mapped[str] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)  # the dead one
    synonym_of: Mapped[str]
    at: Mapped[datetime]  # when it was first, or again, read so


class TagWiki(Table):
    """What a site says of a tag: the excerpt of its wiki, or that it has none."""

    __tablename__ = "tag_wikis"

    site: Mapped[str] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    excerpt: Mapped[str | None]  # plain text
    edited_at: Mapped[datetime | None]  # by the site's users
    at: Mapped[datetime]  # when it was last read


class KnownSite(Table):
    """A site that the API says exists."""

    __tablename__ = "known_sites"

    api: Mapped[str] = mapped_column(primary_key=True)  # the API's base URL
    site: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    fetched_at: Mapped[datetime]
