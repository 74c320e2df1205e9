"""One request of the API, to see whether it answers and takes the key."""

import random

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
    with requests.Session() as session:
        client = make_client(settings, session=session, clock=clock)
        if engine is None:
            answer = client.fetch(_REQUEST)
        else:
            chance = random.Random()  # noqa: S311 (spreads pauses, guards nothing)
            api = make_api(settings, engine, session=session, clock=clock, chance=chance)
            answer = api.ask(_REQUEST)
    quota = answer.quota_max, answer.quota_remaining
    return ApiProbe(client.name, *quota, server_time=answer.sent_at, asked_at=clock.now())
