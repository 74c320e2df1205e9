"""Signals that end the program, where an exception in their place would do harm.

A handler's exception is raised wherever the program is. Amid TensorFlow's C++ it is lost, or comes
out as another one, or leaves threads at work on what is freed.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_win(numbers: tuple[signal.Signals, ...] = ENDING) -> Iterator[None]:
    """Let a signal that ends the program end it, whatever becomes of its exception in here.

    What a handler raises while a module of C++ is being imported comes out as an ImportError, as
    though the package were not there, or not at all.
    """
    if threading.current_thread() is not threading.main_thread():  # handlers run there
        yield
        return
    received: list[int] = []
    handlers = {n: h for n in numbers if callable(h := signal.getsignal(n))}

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        handlers[signal.Signals(number)](number, frame)

    for number in handlers:
        signal.signal(number, note)
    try:
        yield
    except ImportError:
        if not received:
            raise
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if received:
        signal.raise_signal(received[0])


class GivenUp(KeyboardInterrupt):
    """Ctrl-C for the second time, while the first waited."""


class HeldSignals:
    """Keeps a signal that ends the program waiting within a block; a second one does not wait.

    What is done in the block looks at `received` and comes to its end. At the block's end the
    signal's own handler is called, so that its exception is raised there, whatever other error the
    block had. A second Ctrl-C leaves the block as `GivenUp`, and none takes the place of a signal
    that ends the program. A thread other than the main one, in which no handler runs, holds
    nothing.

    Attributes:
        received: whether one waits.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.received = False
        self._waiting: signal.Signals | None = None
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self.received, self._waiting, self._handlers = False, None, {}
        if threading.current_thread() is threading.main_thread():
            own = {number: signal.getsignal(number) for number in ENDING}
            self._handlers = {
                number: handler for number, handler in own.items() if callable(handler)
            }
        for number in self._handlers:
            signal.signal(number, self._hold)
        return self

    def _hold(self, number: int, frame: FrameType | None) -> None:
        if self.received:
            self._handlers[signal.Signals(number)](number, frame)
        else:
            self.received, self._waiting = True, signal.Signals(number)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in reversed(self._handlers.items()):  # Ctrl-C's last: it is held so far
            signal.signal(number, handler)
        interrupted = isinstance(error, KeyboardInterrupt)
        if self._waiting is None or not (
            error is None or interrupted or isinstance(error, Exception)
        ):
            return
        if interrupted and self._waiting == signal.SIGINT:
            raise GivenUp from error
        signal.raise_signal(self._waiting)
