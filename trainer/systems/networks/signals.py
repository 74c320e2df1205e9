"""Signals that end the program, where an exception in their place would do harm.

A handler's exception is raised wherever the program is. Amid TensorFlow's C++ it is lost, or comes
out as another one, or leaves threads at work on what is freed.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class GivenUp(KeyboardInterrupt):
    """Ctrl-C for the second time, while the first waited."""


@dataclass(slots=True)
class HeldSignal:
    """The signal that waits for the end of a block.

    Attributes:
        number: its own; None where none waits.
    """

    number: int | None = None

    @property
    def received(self) -> bool:
        """Whether one waits."""
        return self.number is not None


@contextmanager
def hold_signals() -> Iterator[HeldSignal]:
    """Keep a signal that ends the program waiting within a block; a second one does not wait.

    What is done in the block looks at whether one is received, and comes to its end. There the
    signal's own handler is called, so that its exception is raised there, whatever other error the
    block had. A second Ctrl-C leaves the block as `GivenUp`, and none takes the place of a signal
    that ends the program.
    """
    held = HeldSignal()

    def hold(number: int, call_own: Callable[[], Any]) -> None:
        if held.received:
            call_own()
        else:
            held.number = number

    try:
        with _handling(hold):
            yield held
    except (KeyboardInterrupt, Exception) as error:
        if isinstance(error, KeyboardInterrupt) and held.number == signal.SIGINT:
            raise GivenUp from error
        _raise(held.number)
        raise
    else:
        _raise(held.number)


@contextmanager
def signals_win() -> Iterator[None]:
    """Let a signal that ends the program end it, whatever becomes of its exception in here.

    What a handler raises while a module of C++ is being imported comes out as an ImportError, as
    though the package were not there, or not at all.
    """
    received: list[int] = []

    def note(number: int, call_own: Callable[[], Any]) -> None:
        received.append(number)
        call_own()

    try:
        with _handling(note):
            yield
    except ImportError:
        if not received:
            raise
    _raise(next(iter(received), None))


@contextmanager
def _handling(handle: Callable[[int, Callable[[], Any]], None]) -> Iterator[None]:
    """Have signals that end the program handled by this, given the call of its own handler.

    A thread other than the main one, in which no handler runs, leaves them as they are, and so do
    all with those that are ignored, or have no handler in Python.
    """
    own: dict[int, Callable[[int, FrameType | None], Any]] = {}
    if threading.current_thread() is threading.main_thread():
        own = {n: handler for n in _ENDING if callable(handler := signal.getsignal(n))}

    def call(number: int, frame: FrameType | None) -> None:
        handle(number, lambda: own[number](number, frame))

    for number in own:
        signal.signal(number, call)
    try:
        yield
    finally:
        for number, handler in reversed(own.items()):  # Ctrl-C's last: until then it harms nothing
            signal.signal(number, handler)


def _raise(number: int | None) -> None:
    if number is not None:
        signal.raise_signal(signal.Signals(number))
