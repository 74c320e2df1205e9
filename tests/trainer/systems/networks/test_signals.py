"""What becomes of a signal amid TensorFlow."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from trainer.systems.networks.signals import GivenUp, hold_signals, signals_win


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt also where whoever started the tests has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt(*, becomes: str) -> None:
    """What an import does with an interrupt that comes while it is under way."""
    with signals_win():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            if becomes == "itself":
                raise
            if becomes == "an import error":
                raise ImportError("cannot import name") from None


@pytest.mark.parametrize("becomes", ["itself", "an import error", "nothing"])
def test_an_interrupt_is_one_whatever_an_import_makes_of_it(becomes: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt(becomes=becomes)
    with pytest.raises(KeyboardInterrupt):  # the handler of before is back
        os.kill(os.getpid(), signal.SIGINT)


def test_a_package_that_is_not_there_is_told() -> None:
    with pytest.raises(ImportError, match="no such thing"), signals_win():
        raise ImportError("no such thing")


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with signals_win():
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_thread_may_import_too() -> None:
    done = threading.Event()

    def run() -> None:
        with suppress(ImportError), signals_win():
            done.set()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done.is_set()


class Block:
    """Notes whether it went on after signals, and that one was received by then."""

    def __init__(self) -> None:
        self.went_on = False

    def run(self, *numbers: signal.Signals, fails: bool = False) -> None:
        with hold_signals() as held:
            for number in numbers:
                os.kill(os.getpid(), number)
            self.went_on = held.received
            if fails:
                raise ValueError("its own")


@pytest.fixture
def ending() -> Iterator[None]:
    """Let SIGTERM end the program as `tagger train` has it."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_signal_waits_for_the_end_of_a_block() -> None:
    block = Block()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt) as raised:
            block.run(signal.SIGINT)
        assert block.went_on
        assert raised.type is KeyboardInterrupt
    block.run()
    assert not block.went_on
    with pytest.raises(KeyboardInterrupt):  # the handler of before is back
        os.kill(os.getpid(), signal.SIGINT)


def test_a_second_signal_does_not_wait() -> None:
    block = Block()
    with pytest.raises(GivenUp):
        block.run(signal.SIGINT, signal.SIGINT)
    assert not block.went_on


@pytest.mark.usefixtures("ending")
@pytest.mark.parametrize(
    "numbers",
    [
        [signal.SIGTERM],
        [signal.SIGTERM, signal.SIGTERM],
        [signal.SIGTERM, signal.SIGINT],
        [signal.SIGINT, signal.SIGTERM],
    ],
)
def test_no_ctrl_c_takes_the_place_of_what_ends_the_program(numbers: list[signal.Signals]) -> None:
    with pytest.raises(SystemExit) as end:
        Block().run(*numbers)
    assert end.value.code == 143


def test_an_error_of_the_block_takes_the_place_of_no_signal() -> None:
    with pytest.raises(KeyboardInterrupt) as raised:
        Block().run(signal.SIGINT, fails=True)
    assert isinstance(raised.value.__context__, ValueError)
    with pytest.raises(ValueError, match="its own"):
        Block().run(fails=True)


def test_a_thread_holds_no_signals() -> None:
    entered, over, received = threading.Event(), threading.Event(), []

    def run() -> None:
        with hold_signals() as held:
            entered.set()
            over.wait()
            received.append(held.received)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert entered.wait(10)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    over.set()
    thread.join(10)
    assert received == [False]
