"""Half-sent requests close each other, and shut nobody out."""

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


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})


@pytest.fixture
def port() -> Iterator[int]:
    config = uvicorn.Config(
        answer, http=bounded_connections(MOST), log_config=None, ws="none", lifespan="off"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as opened:
        thread = threading.Thread(target=lambda: server.run(sockets=[opened]))
        thread.start()
        yield opened.getsockname()[1]
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


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
            half = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            half.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX:")
            half.setblocking(False)
            halves.append(half)
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            assert get(connection) == b"here"
        deadline = time.monotonic() + 10
        while (closed := count_closed(halves)) < 3 * MOST and time.monotonic() < deadline:
            time.sleep(0.01)
        assert closed >= 3 * MOST
        assert count_closed(halves[-MOST + 1 :]) == 0


def test_a_connection_that_is_used_stays(port: int) -> None:
    with (
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as used,
        ExitStack() as s,
    ):
        assert get(used) == b"here"
        first = used.sock
        for _ in range(4 * MOST):
            s.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10)).sendall(b"G")
            assert get(used) == b"here"
        assert used.sock is first
