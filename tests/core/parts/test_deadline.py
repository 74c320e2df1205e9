"""Exchanges that are over after a time, against servers that never end their answers."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import requests

from core.parts.deadline import Deadline, WatchedAdapter
from tests.processes import wait_until

HEAD = b"HTTP/1.1 200 OK\r\n"
BODY = HEAD + b"Content-Length: 1000\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFF\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\nok"
SECONDS = 0.3


@contextmanager
def dripping(*beginnings: bytes, drop: bytes = b"x") -> Iterator[str]:
    """A server that takes one connection, answers its requests so, and drips on at the end."""
    over = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            for beginning in beginnings:
                connection.recv(65536)
                connection.sendall(beginning)
            while not over.wait(0.02):
                connection.sendall(drop)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@contextmanager
def watched() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("http://", WatchedAdapter())
        yield session


@pytest.mark.parametrize(
    ("beginning", "drop"),
    [
        (BODY, b"x"),
        (CHUNKED, b"x"),
        (HEAD + b"X-Long: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_that_drips_is_over_after_a_time(beginning: bytes, drop: bytes) -> None:
    began = time.monotonic()
    with dripping(beginning, drop=drop) as url, watched() as session:
        with Deadline(SECONDS) as deadline, suppress(requests.RequestException):
            session.get(url, timeout=9)
        assert deadline.is_over
    assert time.monotonic() - began < 5


def test_a_connection_that_was_kept_is_watched_too() -> None:
    with dripping(WHOLE, WHOLE, BODY) as url, watched() as session:
        for _ in range(2):
            with Deadline(9) as deadline:
                assert session.get(url, timeout=9).text == "ok"
            assert not deadline.is_over
        with Deadline(SECONDS) as deadline, pytest.raises(requests.RequestException):
            session.get(url, timeout=9)
        assert deadline.is_over


def test_a_time_begins_with_the_first_connection_or_when_it_is_told_to() -> None:
    with Deadline(0.01) as waiting, Deadline(0.1).start() as started:
        wait_until(lambda: started.is_over, seconds=60, what="the later one is over")
    assert (waiting.is_over, started.is_over) == (False, True)


def test_nothing_is_watched_outside_of_a_deadline() -> None:
    with dripping(WHOLE, WHOLE) as url, watched() as session:
        with Deadline(9) as deadline:
            session.get(url, timeout=9)
        deadline._timer.join()  # its time ends with it, and shuts nothing
        assert not deadline.is_over
        assert session.get(url, timeout=9).text == "ok"
