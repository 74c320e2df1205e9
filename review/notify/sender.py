"""The thread beside the pages that fills the outbox and delivers it."""

import logging
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Final

from sqlalchemy import Engine

from core.clock import Clock
from core.errors import DatabaseUnreachable
from core.wording import counted
from review.notify.delivery import MOST, Delivery
from review.notify.outbox import fill_outbox, prune

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 5.0  # between two rounds
AWAY_SECONDS: Final = 30.0  # after one that failed
_PRUNE_EVERY: Final = timedelta(hours=1)


class Sender:
    """Fills and delivers the outbox until it is stopped; waits while the database is away."""

    def __init__(self, engine: Engine, clock: Clock, *, pause: float = PAUSE_SECONDS) -> None:
        self._engine = engine
        self._clock = clock
        self._pause = pause
        self._delivery = Delivery(engine, clock)
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="webhooks", daemon=True)
        self._pruned_at: datetime | None = None
        self._told = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End after the request that is under way, for which so many seconds are waited."""
        self._stopping.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self._try_round())

    def _try_round(self) -> float:
        """Return the pause after a round, in seconds; the same trouble is logged once."""
        try:
            tried = self.round()
        except DatabaseUnreachable as error:
            trouble = f"{error} Webhooks wait for it."
        except Exception as error:  # noqa: BLE001 (the next round tries again, whatever it was)
            trouble = f"webhooks: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
        else:
            self._told = ""
            return 0.0 if tried >= MOST else self._pause
        if trouble != self._told:
            self._told = trouble
            log.error("%s", trouble)
        return AWAY_SECONDS

    def round(self) -> int:
        """Fill and deliver once; return how many events were sent, whatever came of it."""
        now = self._clock.now()
        new = fill_outbox(self._engine, now=now)
        if new:
            log.info("webhooks: %s", counted(new, "new event"))
        tried = self._delivery.deliver(stopping=self._stopping.is_set)
        if self._pruned_at is None or now - self._pruned_at >= _PRUNE_EVERY:
            prune(self._engine, now=now)
            self._pruned_at = now
        return tried
