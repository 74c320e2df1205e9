"""One POST that is over after a time, however slowly its answer comes.

The libraries' time-outs are for each piece of an answer: one that comes a byte at a time would
never be over.
"""

import socket
from contextlib import suppress
from threading import Timer
from typing import Any, NamedTuple, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool


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
    deadline = _Deadline(limits.total)
    adapter = _WatchedAdapter(deadline)
    try:
        with adapter.send(request, timeout=timeout, **around) as answer:
            status = int(answer.status_code)
    except Exception as error:
        if deadline.is_over:
            raise requests.Timeout(f"not over after {limits.total} s") from error
        raise
    finally:
        deadline.end()
        adapter.close()
    if deadline.is_over:  # headers that break off look like whole ones to the library
        raise requests.Timeout(f"not over after {limits.total} s")
    return status


class _Deadline:
    """Shuts connections when a time is over, whatever waits for them."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._timer = Timer(seconds, self._shut)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connection: socket.socket) -> None:
        # By a descriptor of its own, since TLS takes the first one over.
        self._sockets.append(connection.dup())
        if self.is_over:
            self._shut()

    def _shut(self) -> None:
        self.is_over = True
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self._timer.cancel()
        for connection in self._sockets:
            connection.close()


class _WatchedAdapter(HTTPAdapter):
    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> HTTPConnectionPool:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        deadline, plain = self._deadline, pool.ConnectionCls

        class Watched(plain):  # type: ignore[misc, valid-type]
            def _new_conn(self) -> socket.socket:
                connection: socket.socket = super()._new_conn()
                deadline.watch(connection)
                return connection

        pool.ConnectionCls = Watched
        return cast("HTTPConnectionPool", pool)
