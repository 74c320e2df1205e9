"""How many connections the page holds: uvicorn waits for ever for a request that was half sent."""

import asyncio
from itertools import filterfalse

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

MOST_CONNECTIONS = 500  # a process may have 1,024 files open where nobody has allowed more


def bounded_connections(most: int = MOST_CONNECTIONS) -> type[H11Protocol]:
    """Return uvicorn's protocol for one server, with so many connections at most.

    One more closes the one whose last answer, or whose opening, was longest ago: of those to which
    no answer is under way, while they are more than half of what is allowed, or else of all. So
    whoever opens connections and sends no whole request closes their own; those of others come and
    go in between, and what they download arrives whole. Whoever asks for hundreds of downloads and
    reads none closes those.

        uvicorn.Config(app, http=bounded_connections())
    """
    connections: dict[H11Protocol, None] = {}  # in the order in which they would be closed

    class Bounded(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections[self] = None
            if len(connections) > most:
                idle = [*filterfalse(_is_answered, connections)]
                oldest = idle[0] if len(idle) > most // 2 else next(iter(connections))
                del connections[oldest]
                oldest.transport.abort()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self in connections:
                del connections[self]
                connections[self] = None

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self, None)
            super().connection_lost(exc)

    return Bounded


def _is_answered(connection: H11Protocol) -> bool:
    """Whether a request that came whole waits for the end of its answer; half a body is no such."""
    cycle: RequestResponseCycle | None = connection.cycle  # None until a request's headers came
    return cycle is not None and not cycle.more_body and not cycle.response_complete
