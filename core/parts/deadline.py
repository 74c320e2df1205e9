"""An exchange over HTTP that is over after a time, however slowly its answer comes.

The libraries' time-outs are for each piece of an answer: one that comes a byte at a time would
never be over.
"""

import os
import socket
from contextlib import suppress
from contextvars import ContextVar
from threading import Timer
from typing import Any, Self, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class Deadline:
    """Shuts the connections that a WatchedAdapter uses within it when a time is over.

        with Deadline(60.0) as deadline:
            answer = session.get(url, timeout=30.0)
        if deadline.is_over:  # headers that break off look like whole ones to the library
            ...

    The time begins with the first connection, or with start() if that is called before.

    Args:
        seconds: how long all of it may take.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._timer = Timer(seconds, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._before = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._before)
        self._timer.cancel()
        for connection in self._sockets:
            connection.close()

    def start(self) -> Self:
        """Begin to count, where that has not begun."""
        if self._timer.ident is None:
            self._timer.start()
        return self

    def watch(self, connection: socket.socket) -> None:
        """Shut a connection, too, when the time is over."""
        # By a descriptor of its own, since TLS takes the first one over.
        self._sockets.append(socket.socket(fileno=os.dup(connection.fileno())))
        self.start()
        if self.is_over:
            self._shut()

    def _shut(self) -> None:
        self.is_over = True
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


class WatchedAdapter(HTTPAdapter):
    """A transport of `requests` whose connections the Deadline around a request watches."""

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> HTTPConnectionPool:
        """As the library does it, with connections that are watched."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        if not issubclass(pool.ConnectionCls, _Watched):
            pool.ConnectionCls = type("Watched", (_Watched, pool.ConnectionCls), {})
        return cast("HTTPConnectionPool", pool)


class _Watched(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn())

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:  # one that was kept
            _watched(self.sock)
        super().request(*args, **options)


def _watched(connection: socket.socket) -> socket.socket:
    deadline = _current.get()
    if deadline is not None:
        deadline.watch(connection)
    return connection
