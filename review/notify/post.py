"""One POST that is over after a time, however slowly its answer comes."""

from contextlib import closing
from typing import Any, NamedTuple

import requests

from core.parts.deadline import Deadline, WatchedAdapter


class Limits(NamedTuple):
    """How long a request may take, in seconds.

    Attributes:
        connect: for the connection, to each address that the host has.
        pause: until something of the answer comes, then until more of it does.
        total: for all of it.
    """

    connect: float = 5.0
    pause: float = 10.0
    total: float = 20.0


def post(url: str, body: bytes, headers: dict[str, str], limits: Limits) -> int:
    """Send a request; return the status of its answer, whose body is not read.

    By the adapter: a session would read the body of a redirect, however long, and add the
    password that a .netrc has for the host.

    Raises:
        requests.RequestException: no answer came; Timeout where the time was over.
        urllib3.exceptions.HTTPError, OSError, ValueError: as the libraries do for some addresses.
    """
    request = requests.Request("POST", url, headers=headers, data=body).prepare()
    with requests.Session() as session:
        around: dict[str, Any] = dict(
            session.merge_environment_settings(url, {}, stream=True, verify=None, cert=None)
        )
    timeout = (limits.connect, limits.pause)
    with Deadline(limits.total).start() as deadline, closing(WatchedAdapter()) as adapter:
        try:
            with adapter.send(request, timeout=timeout, **around) as answer:
                status = int(answer.status_code)
        except Exception as error:
            if deadline.is_over:
                raise requests.Timeout(f"not over after {limits.total} s") from error
            raise
    if deadline.is_over:  # headers that break off look like whole ones to the library
        raise requests.Timeout(f"not over after {limits.total} s")
    return status
