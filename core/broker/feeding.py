"""Feeding: what is pending flows into the queue as the workers drain it.

Whoever makes work or ends a batch calls refill(), so the workers' own pace brings the next tasks,
and no clock does. The broker holds QUEUE_BOUND tasks of each priority at most, however many are
pending.
"""

from datetime import datetime, timedelta
from typing import Any

from celery import Celery
from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from core.broker.names import TAGGING_QUEUE
from core.broker.queue import asking, enqueue_tagging, transport_of
from core.broker.transport import Transport
from core.clock import Clock
from core.errors import BrokerUnreachable
from core.questions.lifecycle import Priority, due_sites, sweep
from core.settings import Settings

# Tasks of each priority. Half of them are what there is to do while a refill brings the rest: of a
# backfill 8,000 questions, 4.4 s of one process and 0.3 s of sixteen; of the live feed 800, 0.4 s
# of one. A refill of 16,000 takes 0.6 to 2 s (docs/scaling.md): of many processes some wait for it.
QUEUE_BOUND = 16

PATIENCE_SECONDS = 5.0  # a refill takes three at most


def refill(
    engine: Engine,
    app: Celery,
    settings: Settings,
    clock: Clock,
    *,
    patience: float = PATIENCE_SECONDS,
) -> int:
    """Enqueue what is pending, up to the bound, of each priority that is down to half of it.

        refill(engine, make_celery(settings), settings, SystemClock())

    One process does so at a time. Of each site as many tasks as of any other are enqueued, while it
    has them.

    Args:
        engine: the database's.
        app: the queue's.
        settings: their lease.
        clock: dates the leases.
        patience: seconds to wait for another's refill, which may have looked before there was
            anything; without patience, what is pending is left to the other.

    Returns:
        How many questions were enqueued.

    Raises:
        BrokerUnreachable: what is pending stays so, and the sweep enqueues it later; the error
            says so.
    """
    try:
        with asking(app) as connection:
            broker = transport_of(app)
            if not _find_room(broker, connection):  # no lock for those who only look
                return 0
            with broker.refill_lock(connection, engine, clock, patience) as is_ours:
                room = _find_room(broker, connection) if is_ours else {}
                return sum(
                    _fill(engine, app, settings, clock, priority=priority, tasks=tasks)
                    for priority, tasks in room.items()
                )
    except BrokerUnreachable as error:
        raise type(error)(
            f"{error} The questions are stored and stay pending; the scheduler enqueues them once "
            "the broker takes them."
        ) from error


def _find_room(broker: Transport, connection: Any) -> dict[Priority, int]:
    """How many tasks there is room for, by priority; the live feed's first.

    A backfill waits while many tasks of the live feed do: not every broker keeps their order.
    """
    room: dict[Priority, int] = {}
    for priority, waiting in broker.lengths(connection, TAGGING_QUEUE).items():
        if waiting >= QUEUE_BOUND // 2:
            break
        room[priority] = QUEUE_BOUND - waiting
    return room


def _fill(
    engine: Engine,
    app: Celery,
    settings: Settings,
    clock: Clock,
    *,
    priority: Priority,
    tasks: int,
) -> int:
    lease = timedelta(seconds=settings.lease_seconds)
    with engine.begin() as connection:
        taken = _take_in_turns(connection, priority, tasks, now=clock.now(), lease=lease)
    for site, pks in taken:
        enqueue_tagging(app, site, pks, priority)
    return sum(len(pks) for _, pks in taken)


def _take_in_turns(
    connection: Connection, priority: Priority, tasks: int, *, now: datetime, lease: timedelta
) -> list[tuple[str, list[int]]]:
    """Take at most so many tasks: one of each site, then the next of each."""
    sites = due_sites(connection, priority=priority, now=now, lease=lease)
    taken: dict[str, list[list[int]]] = {site: [] for site in sites}
    room = tasks
    while sites and room > 0:
        share = max(1, room // len(sites))
        for site in sites[:room]:
            found = sweep(connection, site, priority=priority, tasks=share, now=now, lease=lease)
            taken[site] += found
            room -= len(found)
            if len(found) < share:
                sites.remove(site)
    turns = ((turn, site, pks) for site in taken for turn, pks in enumerate(taken[site]))
    return [(site, pks) for _, site, pks in sorted(turns, key=lambda task: task[0])]
