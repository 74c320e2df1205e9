"""Serves the page: one process, until a signal ends it."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from core.parts.heartbeat import Heartbeat
from core.service.review_page import listen
from review.notify.sender import Sender
from review.web.app import make_app
from review.web.connections import bounded_connections
from review.web.context import Context

HEARTBEAT_SECONDS = 15.0
STOP_SECONDS = 5  # for answers that are under way
THREADS = 12  # handlers at once, each with a connection: fewer than an engine's pool holds


def serve(context: Context, *, listening: Callable[[], None] = lambda: None) -> None:
    """Answer requests until SIGTERM or Ctrl-C, then finish those under way.

    Args:
        context: what the application works with.
        listening: is called when the port is open.

    Raises:
        ServiceFailed: the address cannot be listened on.
    """
    app = make_app(context, lifespan=_lifespan)
    config = uvicorn.Config(
        app,
        http=bounded_connections(),
        backlog=128,  # as many are accepted in a row before one of them can close another
        log_config=None,  # the program's own logging, which hides secrets
        access_log=False,  # its lines would show the login link's token
        server_header=False,
        ws="none",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    gc.freeze()  # or every full collection walks through all modules: 0.2 s in a request's midst
    with listen(context.settings) as port:
        listening()
        with _ending_quietly():
            uvicorn.Server(config).run(sockets=[port])


@contextmanager
def _ending_quietly() -> Iterator[None]:
    """Let a signal end the server alone: uvicorn raises it once more when it has stopped."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: None) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    context: Context = app.state.context
    beating = asyncio.create_task(_beat(Heartbeat(context.settings.heartbeat_file)))
    sender = Sender(context.engine, context.clock)
    sender.start()
    yield
    beating.cancel()
    await asyncio.to_thread(sender.stop, STOP_SECONDS)


async def _beat(heartbeat: Heartbeat) -> None:
    while True:
        heartbeat.beat()
        await asyncio.sleep(HEARTBEAT_SECONDS)
