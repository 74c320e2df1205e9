"""Half-sent requests close each other, and shut nobody out."""

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
import uvicorn

from review.web.connections import bounded_connections

MOST = 5


class Application:
    """Answers at once, or, asked for /slow or for the rest of /long, not before it may."""

    def __init__(self) -> None:
        self._begun = threading.Semaphore(0)
        self.may_end = threading.Event()

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await self._wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/long":
            await send({"type": "http.response.body", "body": b"first, ", "more_body": True})
            await self._wait()
        await send({"type": "http.response.body", "body": b"here"})

    async def _wait(self) -> None:
        self._begun.release()
        await asyncio.to_thread(self.may_end.wait)

    def wait_until_begun(self, count: int = 1) -> None:
        """Wait for so many more slow answers to be with the application."""
        for _ in range(count):
            assert self._begun.acquire(timeout=60)


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def port(application: Application) -> Iterator[int]:
    config = uvicorn.Config(
        application, http=bounded_connections(MOST), log_config=None, ws="none", lifespan="off"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as opened:
        thread = threading.Thread(target=lambda: server.run(sockets=[opened]))
        thread.start()
        yield opened.getsockname()[1]
        application.may_end.set()
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


def connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def get(connection: http.client.HTTPConnection) -> bytes:
    connection.request("GET", "/")
    return connection.getresponse().read()


def count_closed(halves: list[socket.socket]) -> int:
    closed = 0
    for half in halves:
        try:
            closed += half.recv(1) == b""
        except BlockingIOError:
            pass
        except ConnectionResetError:
            closed += 1
    return closed


def test_whoever_sends_no_whole_request_closes_their_own_connections(port: int) -> None:
    with ExitStack() as stack:
        halves = []
        for _ in range(4 * MOST):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            half.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX:")
            half.setblocking(False)
            halves.append(half)
        with closing(connect(port)) as connection:
            assert get(connection) == b"here"
        deadline = time.monotonic() + 60
        while (closed := count_closed(halves)) < 3 * MOST and time.monotonic() < deadline:
            time.sleep(0.01)
        assert closed >= 3 * MOST
        assert count_closed(halves[-MOST + 1 :]) == 0


def test_a_connection_that_is_used_stays(port: int) -> None:
    with closing(connect(port)) as used, ExitStack() as s:
        assert get(used) == b"here"
        first = used.sock
        for _ in range(4 * MOST):
            s.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)).sendall(b"G")
            assert get(used) == b"here"
        assert used.sock is first


def test_an_answer_under_way_is_not_cut_by_idle_connections(
    port: int, application: Application
) -> None:
    with ExitStack() as stack:
        answered = [stack.enter_context(closing(connect(port))) for _ in ("/long", "/slow")]
        for connection, path in zip(answered, ("/long", "/slow"), strict=True):
            connection.request("GET", path)
        application.wait_until_begun(2)
        for _ in range(2 * MOST):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
        assert get(stack.enter_context(closing(connect(port)))) == b"here"  # after all of those
        application.may_end.set()
        found = [connection.getresponse().read() for connection in answered]
    assert found == [b"first, here", b"here"]


def test_where_all_are_answered_the_oldest_makes_room(port: int, application: Application) -> None:
    with ExitStack() as stack:
        answered = [stack.enter_context(closing(connect(port))) for _ in range(MOST)]
        for connection in answered:
            connection.request("GET", "/slow")
            application.wait_until_begun()
        with closing(connect(port)) as newest:
            assert get(newest) == b"here"
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            answered[0].getresponse()
        application.may_end.set()
        assert [one.getresponse().read() for one in answered[1:]] == [b"here"] * (MOST - 1)


def test_downloads_that_nobody_reads_make_room_for_whoever_has_not_asked_yet(
    port: int, application: Application
) -> None:
    with ExitStack() as stack:
        for _ in range(MOST - 1):
            stack.enter_context(closing(connect(port))).request("GET", "/slow")
        application.wait_until_begun(MOST - 1)
        opened = stack.enter_context(closing(connect(port)))
        opened.connect()
        assert get(stack.enter_context(closing(connect(port)))) == b"here"
        assert get(opened) == b"here"
