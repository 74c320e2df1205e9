"""How TensorFlow is imported."""

import os
import signal
import threading

import pytest

from trainer.systems.networks.keras_setup import signals_kept


def test_an_interrupt_comes_after_what_must_not_be_interrupted() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _be_interrupted(done, times=1)
    assert done == ["import"]
    with pytest.raises(KeyboardInterrupt):  # the handler of before is back
        os.kill(os.getpid(), signal.SIGINT)


def test_several_interrupts_come_as_one() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _be_interrupted(done, times=2)
    assert done == ["import"]


def _be_interrupted(done: list[str], *, times: int) -> None:
    with signals_kept():
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
        done.append("import")


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with signals_kept():
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_thread_may_import_too() -> None:
    done = threading.Event()

    def run() -> None:
        with signals_kept():
            done.set()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done.is_set()
