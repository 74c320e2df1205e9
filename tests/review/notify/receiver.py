"""A receiver of webhooks: a real server on 127.0.0.1, whose behaviour a test sets."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy import Engine, select

from core.database.review_tables import OutgoingEvent
from review.notify.webhooks import Wanted, add_webhook
from tests.conftest import ManualClock


@dataclass
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["X-Tagger-Event-Id"]

    @property
    def question(self) -> int:
        return int(json.loads(self.body)["question"]["question_id"])


@dataclass
class Receiver:
    """What came, and how it is answered: a status, `close` (no answer), `hang`, or
    `drip` (headers that come a byte at a time)."""

    address: str = ""
    answer: int | str = 204
    location: str = ""
    received: list[Received] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def questions(self) -> list[int]:
        return [one.question for one in self.received]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that listens."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.received.append(Received(self.path, dict(self.headers), body))
            if state.answer == "close":
                return
            if state.answer == "hang":
                state.ending.wait(20)
                return
            if state.answer == "drip":
                self._drip()
                return
            self.send_response(int(state.answer))
            if state.location:
                self.send_header("Location", state.location)
            self.end_headers()

        def _drip(self) -> None:
            self.send_response_only(200)
            self.flush_headers()
            with suppress(OSError):  # the other side has had enough
                while not state.ending.wait(0.05):
                    self.wfile.write(b"a")

        def do_GET(self) -> None:
            state.received.append(Received(self.path, dict(self.headers), b""))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.ending.set()
        server.shutdown()
        thread.join()
        server.server_close()


def add(
    engine: Engine,
    clock: ManualClock,
    url: str = "http://127.0.0.1:9/",
    reviewer: str = "owner",
    **wanted: Any,
) -> tuple[int, str]:
    """Add a webhook of the site stats, which has a question; return its number and its secret."""
    chosen = Wanted(**({"event": "suggested", "site": "stats"} | wanted))
    with engine.begin() as connection:
        return add_webhook(connection, url, chosen, reviewer, now=clock.now())


def outbox(engine: Engine) -> list[Any]:
    """The rows of the outbox, in their order."""
    with engine.connect() as connection:
        rows = select(OutgoingEvent.__table__).order_by(OutgoingEvent.id)
        return list(connection.execute(rows))
