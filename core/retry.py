"""Waiting for what is down: one line when it begins, one when it is over."""

import logging
from collections.abc import Callable
from typing import TypeVar

from core.clock import Clock, SystemClock
from core.errors import BrokerUnreachable, DatabaseUnreachable

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_PAUSE = 1.0  # seconds; doubled up to the longest
LONGEST_PAUSE = 30.0


def until_reachable(action: Callable[[], T], clock: Clock | None = None) -> T:
    """Call an action until neither the database nor the broker is in its way; return its result."""
    clock = clock or SystemClock()
    pause, told = FIRST_PAUSE, ""
    while True:
        try:
            result = action()
        except (DatabaseUnreachable, BrokerUnreachable) as error:
            if str(error) != told:
                told = str(error)
                log.error("%s Waiting for it.", told)  # noqa: TRY400 (one line)
        else:
            if told:
                log.info("it is back; going on")
            return result
        clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
