"""A test event: what a webhook would be sent, sent at once, so that its receiver can be tried.

outcome = send_test(engine, SystemClock(), number=3)
outcome.error  # None where the receiver has confirmed
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from threading import BoundedSemaphore
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.engine import Connection

from core.clock import Clock
from core.database.engine import reading
from core.database.review_tables import QueuedQuestion, Webhook
from core.database.tables import Question
from core.errors import ReviewConflict, UnknownWebhook
from review.browse.rows import read_rows
from review.notify.delivery import Event, Outcome, send
from review.notify.webhooks import wanted_of

MOST_AT_ONCE: Final = 3  # of a process; each holds a thread of the page for 20 s at worst
_room = BoundedSemaphore(MOST_AT_ONCE)


def send_test(
    engine: Engine,
    clock: Clock,
    number: int,
    *,
    send: Callable[[Event, datetime], Outcome] = send,
) -> Outcome:
    """Send a webhook an event of the kind `test`, signed as all are; it is not kept or repeated.

    It carries the site's newest tagged question, or else its newest one, so that a receiver has
    something to read. One that is paused is sent it too: what else would show that it is mended?

    Raises:
        UnknownWebhook: there is none of that number.
        ReviewConflict: MOST_AT_ONCE are under way.
    """
    with reading(engine) as connection:
        webhook = connection.execute(select(Webhook.__table__).where(Webhook.id == number)).first()
        if webhook is None:
            raise UnknownWebhook(f"There is no webhook {number}.")
        pks = _newest(connection, wanted_of(webhook).site)
        shown = [one.to_json() for one in read_rows(connection, pks)]
    payload = {"id": str(uuid.uuid4()), "event": "test", "question": shown[0] if shown else None}
    event = Event(0, number, webhook.url, webhook.secret, payload)
    if not _room.acquire(blocking=False):
        raise ReviewConflict("Other test events wait for their answers: try again in some seconds.")
    try:
        return send(event, clock.now())
    finally:
        _room.release()


def _newest(connection: Connection, site: str) -> list[int]:
    """The key of a site's newest tagged question, or else of its newest one; empty without any."""
    tagged, stored = QueuedQuestion.question_pk, Question.id
    for key, of_site in ((tagged, QueuedQuestion.site == site), (stored, Question.site == site)):
        found = list(connection.scalars(select(key).where(of_site).order_by(key.desc()).limit(1)))
        if found:
            return found
    return []
