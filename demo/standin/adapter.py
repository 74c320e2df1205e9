"""A `requests` transport that ends in a stand-in instead of a socket.

It takes the place of urllib3's connections and of nothing else: `requests` decodes, times out
and translates errors with its own code, so a client meets what it would meet on a network.
"""

from collections.abc import Callable
from email.utils import formatdate
from io import BytesIO
from typing import Any, NoReturn

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, Retry, Timeout
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from demo.standin.api import StandIn
from demo.standin.wire import Ending, HttpAnswer, HttpRequest


class StandInAdapter(HTTPAdapter):
    """Mount it on a session, and the session talks to the stand-in.

        session = requests.Session()
        session.mount("https://api.stackexchange.com", StandInAdapter(standin, clock))

    Args:
        standin: what answers.
        clock: the moment, in epoch seconds.
        wait: called with the seconds that a silent answer costs, so that a simulated clock can
            move on by the client's own time-out.
        address: where the requests come from, as the stand-in sees it.
    """

    def __init__(
        self,
        standin: StandIn,
        clock: Callable[[], float],
        *,
        wait: Callable[[float], None] = lambda _: None,
        address: str = "127.0.0.1",
    ) -> None:
        super().__init__()
        self._connections = _Connections(standin, clock, wait, address)

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *_: Any, **__: Any
    ) -> HTTPConnectionPool:
        """The connections that end in the stand-in, whatever the host."""
        del request
        return self._connections


class _Connections(HTTPConnectionPool):
    """A pool of connections that are none."""

    def __init__(
        self,
        standin: StandIn,
        clock: Callable[[], float],
        wait: Callable[[float], None],
        address: str,
    ) -> None:
        super().__init__("stand-in")
        self._standin = standin
        self._clock = clock
        self._wait = wait
        self._address = address

    def urlopen(self, method: str, url: str, **options: Any) -> HTTPResponse:  # type: ignore[override]
        """Send one request, with the errors that urllib3 raises."""
        retries: Retry = options["retries"]
        answer = self._standin.respond(HttpRequest.of(url, self._address), self._clock())
        try:
            if answer.ending is not Ending.ANSWERED:
                self._fail(answer.ending, url, options["timeout"])
            return _response(answer, method, url, self._standin.now)
        except HTTPError as error:
            # raises, as requests asks for no retries
            retries.increment(method, url, error=error, _pool=self)
            raise

    def _fail(self, ending: Ending, url: str, timeout: Timeout) -> NoReturn:
        if ending is Ending.REFUSED:
            connection = HTTPConnection(self.host)
            raise NewConnectionError(connection, "[Errno 111] Connection refused")
        if ending is Ending.RESET:
            reset = ConnectionResetError(104, "Connection reset by peer")
            raise ProtocolError("Connection aborted.", reset)
        seconds = timeout.read_timeout
        if seconds is None:
            raise RuntimeError(f"a request without a time-out would hang for ever: {url}")
        self._wait(float(seconds))
        raise ReadTimeoutError(self, url, f"Read timed out. (read timeout={seconds})")


def _response(answer: HttpAnswer, method: str, url: str, now: float) -> HTTPResponse:
    return HTTPResponse(
        body=BytesIO(answer.body),
        headers={"Date": formatdate(now, usegmt=True), **answer.headers},
        status=answer.status,
        preload_content=False,
        decode_content=False,
        request_method=method,
        request_url=url,
    )
