"""Who may use the page: reviewers by their tokens, browsers by sessions.

A token is shown once, in a link that logs in; the database keeps its SHA-256 alone, and that of
each session's cookie. Tokens are 256 random bits, so a plain digest serves: there is nothing to
guess that a slow one would protect.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from core.database.review_tables import Reviewer, ReviewSession

SESSION_LASTS = timedelta(days=30)  # from the last day on which it was used
_RENEWED_AFTER = timedelta(days=1)  # so that not every request writes


class NotSignedIn(Exception):
    """Nobody is signed in: the handler answers with the login page, or 401 under /api."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks.

    Attributes:
        reviewer: their name.
        cookie: of the browser's session; None for a program, which sends its token each time.
    """

    reviewer: str
    cookie: str | None = None

    @property
    def csrf_token(self) -> str:
        """What a page of this session hands in with each change; no other site can know it."""
        return "" if self.cookie is None else _digest(f"csrf:{self.cookie}")

    def has_csrf_token(self, token: str) -> bool:
        """Whether a change comes from a page of this session."""
        return self.cookie is None or hmac.compare_digest(
            token.encode(errors="replace"), self.csrf_token.encode()
        )


def make_token() -> str:
    """A new token: 256 random bits, as it stands in a link."""
    return secrets.token_urlsafe(32)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def reviewer_of_token(connection: Connection, token: str) -> str | None:
    """The name of the reviewer whose token this is; None for a wrong or a disabled one."""
    row = connection.execute(
        select(Reviewer.name, Reviewer.token_digest).where(
            Reviewer.token_digest == _digest(token), Reviewer.disabled_at.is_(None)
        )
    ).first()
    if row is None or not hmac.compare_digest(row.token_digest, _digest(token)):
        return None
    return str(row.name)


def is_reviewer(connection: Connection, name: str) -> bool:
    """Whether somebody of this name may review."""
    row = select(Reviewer.name).where(Reviewer.name == name, Reviewer.disabled_at.is_(None))
    return connection.execute(row).first() is not None


def start_session(connection: Connection, reviewer: str, *, now: datetime) -> str:
    """Log a browser in; returns the cookie's value. Sessions that have ended are deleted."""
    connection.execute(delete(ReviewSession).where(ReviewSession.expires_at <= now))
    cookie = make_token()
    connection.execute(
        insert(ReviewSession).values(
            digest=_digest(cookie),
            reviewer=reviewer,
            created_at=now,
            expires_at=now + SESSION_LASTS,
        )
    )
    return cookie


def find_session(
    connection: Connection, cookie: str, *, now: datetime
) -> tuple[SignedIn, bool] | None:
    """Who is signed in by a cookie, and whether the session is to be renewed; None for nobody."""
    row = connection.execute(
        select(ReviewSession.reviewer, ReviewSession.expires_at)
        .join(Reviewer, Reviewer.name == ReviewSession.reviewer)
        .where(
            ReviewSession.digest == _digest(cookie),
            ReviewSession.expires_at > now,
            Reviewer.disabled_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    is_old = row.expires_at - now < SESSION_LASTS - _RENEWED_AFTER
    return SignedIn(row.reviewer, cookie), is_old


def renew_session(connection: Connection, cookie: str, *, now: datetime) -> None:
    """Let a session last from now on."""
    connection.execute(
        update(ReviewSession)
        .where(ReviewSession.digest == _digest(cookie))
        .values(expires_at=now + SESSION_LASTS)
    )


def end_session(connection: Connection, cookie: str) -> None:
    """Sign a browser out."""
    connection.execute(delete(ReviewSession).where(ReviewSession.digest == _digest(cookie)))


def set_token(connection: Connection, reviewer: str, token: str, *, now: datetime) -> bool:
    """Let a reviewer log in by a token, and end the sessions of the one before.

    Returns:
        Whether anything changed: the token was not theirs already.
    """
    if reviewer_of_token(connection, token) == reviewer:
        return False
    digest = _digest(token)
    changed = connection.execute(
        update(Reviewer)
        .where(Reviewer.name == reviewer)
        .values(token_digest=digest, disabled_at=None)
    )
    if not changed.rowcount:
        connection.execute(
            insert(Reviewer).values(name=reviewer, token_digest=digest, created_at=now)
        )
    connection.execute(delete(ReviewSession).where(ReviewSession.reviewer == reviewer))
    return True


def disable(connection: Connection, reviewer: str, *, now: datetime) -> bool:
    """Shut a reviewer out; their verdicts stay. False where there is no such reviewer."""
    connection.execute(delete(ReviewSession).where(ReviewSession.reviewer == reviewer))
    changed = connection.execute(
        update(Reviewer)
        .where(Reviewer.name == reviewer, Reviewer.disabled_at.is_(None))
        .values(disabled_at=now)
    )
    return bool(changed.rowcount)


def feed_key_of(connection: Connection, reviewer: str) -> str:
    """What lets a feed reader read feeds for a reviewer, and nothing else; empty for nobody.

    It is made of the token's digest, so it changes with the token.
    """
    digest = connection.scalar(
        select(Reviewer.token_digest).where(
            Reviewer.name == reviewer, Reviewer.disabled_at.is_(None)
        )
    )
    return "" if digest is None else _digest(f"feed:{digest}")


def is_feed_key(connection: Connection, key: str) -> bool:
    """Whether a key is a reviewer's who is not disabled."""
    digests = connection.scalars(
        select(Reviewer.token_digest).where(Reviewer.disabled_at.is_(None))
    )
    given = key.encode(errors="replace")
    # All are looked at, so that the time tells nothing.
    return any([hmac.compare_digest(_digest(f"feed:{one}").encode(), given) for one in digests])  # noqa: C419
