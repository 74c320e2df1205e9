"""What the broker tells: how long its queues are, and which workers answer."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from celery import Celery

from core.broker.queue import make_celery
from core.clock import Clock
from core.errors import BrokerUnreachable
from core.service.status import queue_lengths, running_workers
from core.settings import Settings

log = logging.getLogger(__name__)

KINDS = ("tagging", "training", "scheduler")
MOST_WORKERS = 100  # that are remembered; a worker's name may be another at each start


@dataclass(frozen=True, slots=True)
class BrokerState:
    """What the broker told when it was last asked.

    Attributes:
        error: why it could not be; None where it answered.
        queues: how many messages wait, by queue.
        answering: the workers and schedulers that answered.
        last_signs: when each that ever did was last heard of, by this process; the newest first.
        is_new: it was asked for the first time just now.
    """

    error: str | None
    queues: Mapping[str, int] = field(default_factory=dict)
    answering: tuple[str, ...] = ()
    last_signs: Mapping[str, datetime] = field(default_factory=dict)
    is_new: bool = False


class BrokerWatch:
    """Asks the broker, and remembers who was there."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._app: Celery | None = None
        self._last_signs: dict[str, datetime] = {}

    def look(self) -> BrokerState:
        """Ask queues and workers; takes a second, in which workers may answer."""
        self._app = self._app or make_celery(self._settings)
        try:
            queues = queue_lengths(self._app)
            answering = tuple(running_workers(self._app))
        except BrokerUnreachable as error:
            return BrokerState(str(error), last_signs=self._signs())
        except Exception as error:  # noqa: BLE001 (whatever Redis' client says: this page goes on)
            log.warning("the broker gives no answer: %s", error)
            return BrokerState(f"The broker gives no answer: {error}", last_signs=self._signs())
        self._last_signs |= dict.fromkeys(answering, self._clock.now())
        return BrokerState(None, queues, answering, self._signs())

    def _signs(self) -> dict[str, datetime]:
        newest = sorted(self._last_signs.items(), key=lambda sign: sign[1], reverse=True)
        self._last_signs = dict(newest[:MOST_WORKERS])
        return dict(self._last_signs)


def newest_signs(*told: Mapping[str, datetime]) -> dict[str, datetime]:
    """When each part gave its last sign, by whatever told of one; the newest first."""
    found: dict[str, datetime] = {}
    for signs in told:
        for name, at in signs.items():
            found[name] = max(at, found.get(name, at))
    return dict(sorted(found.items(), key=lambda sign: sign[1], reverse=True))
