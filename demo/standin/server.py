"""The stand-in on a port: real HTTP, with keep-alive, resets and silences."""

import logging
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from demo.standin.api import StandIn
from demo.standin.wire import Ending, HttpRequest

logger = logging.getLogger(__name__)

# On close, drop what is unsent and send RST instead of FIN.
_LINGER_AND_RESET = struct.pack("ii", 1, 0)


class StandInServer:
    """A stand-in that listens. A context manager that serves from a thread of its own.

        with StandInServer(standin) as server:
            requests.get(f"{server.url}/2.3/questions", params={"site": "stats"}, timeout=5)

    Args:
        standin: what answers.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        clock: the moment, in epoch seconds.
    """

    def __init__(
        self,
        standin: StandIn,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.standin = standin
        self._server = _Server((host, port), standin, clock)
        self._thread = threading.Thread(target=self.run, name="stand-in")

    @property
    def url(self) -> str:
        """Where it listens; the API is below `/2.3`."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def run(self) -> None:
        """Serve until `stop` is called, from another thread."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Make `run` return. Silent answers end too."""
        self._server.stopping.set()
        self._server.shutdown()

    def close(self) -> None:
        """Free the port, and wait for the last answer."""
        self._server.stopping.set()
        self._server.hang_up()
        self._server.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._thread.join()
        self.close()


class _Server(ThreadingHTTPServer):
    """A thread a connection; at the end all of them are hung up and joined."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], standin: StandIn, clock: Callable[[], float]
    ) -> None:
        self.standin = standin
        self.clock = clock
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    logger.debug("the client was faster")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is no trouble of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "stand-in"
    wbufsize = -1  # headers and body in one packet: two of them cost 40 ms of delayed ACK
    server: _Server

    def do_GET(self) -> None:
        """Answer a request, or fail to."""
        request = HttpRequest.of(self.path, self.client_address[0])
        answer = self.server.standin.respond(request, self.server.clock())
        if answer.ending is Ending.SILENT:
            self.server.stopping.wait()
        if answer.ending is not Ending.ANSWERED:
            self.close_connection = True
            if answer.ending is Ending.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_AND_RESET)
                self.connection.close()
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        if len(answer.body) < int(answer.headers["Content-Length"]):
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The stand-in's own time, as the header `Date` has it."""
        return super().date_time_string(self.server.standin.now if timestamp is None else timestamp)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line a request, without its parameters: a key may be among them."""
        logger.debug("%s %s %s %s", self.client_address[0], urlsplit(self.path).path, code, size)

    def log_message(self, *_: Any) -> None:
        """What the base class complains of goes to the client too."""


def run(server: StandInServer) -> None:
    """Serve in the foreground until SIGTERM or SIGINT. For the main thread only."""

    def stop(number: int, _: object) -> None:
        logger.info("%s: stopping", signal.Signals(number).name)
        # the server runs in this thread, so waiting for it here would be waiting for ever
        threading.Thread(target=server.stop).start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run()
    finally:
        server.close()
        for number, handler in before.items():
            signal.signal(number, handler)
