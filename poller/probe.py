"""One request of the API, to see whether it answers and takes the key."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from sqlalchemy import Engine

from core.clock import Clock
from core.console.probes import ApiProbe
from core.settings import Settings
from poller.build import make_api, make_client
from poller.client import ApiRequest

_REQUEST = ApiRequest("sites", "", (("page", "1"), ("pagesize", "1")))


def ask_api(settings: Settings, engine: Engine | None, clock: Clock) -> ApiProbe:
    """Ask for one site of the API's list.

    Args:
        settings: the API's address and key.
        engine: of the database that keeps the rate limit; None where there is none, and so no
            poller either.
        clock: tells the time.

    Raises:
        ApiError: what is wrong: it is away, refuses the key, or may not be asked now.
        DatabaseUnreachable: the rate limit cannot be read.
    """
    times: list[datetime | None] = []

    def note(response: requests.Response, **_: Any) -> None:
        times.append(_server_time(response.headers.get("Date")))

    with requests.Session() as session:
        session.hooks["response"].append(note)
        client = make_client(settings, session=session, clock=clock)
        if engine is None:
            answer = client.fetch(_REQUEST)
        else:
            chance = random.Random()  # noqa: S311 (spreads pauses, guards nothing)
            api = make_api(settings, engine, session=session, clock=clock, chance=chance)
            answer = api.ask(_REQUEST)
    quota, told = (answer.quota_max, answer.quota_remaining), times[-1] if times else None
    return ApiProbe(client.name, *quota, server_time=told, asked_at=clock.now())


def _server_time(date: str | None) -> datetime | None:
    """The time of a Date header, RFC 9110; None where it is none."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC) if date else None
    except (ValueError, OverflowError):  # a day that no calendar has
        return None
