import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from review.web.memo import Memo, NotYet


class Counter:
    """Counts its calls; each may be made to wait."""

    def __init__(self) -> None:
        self.calls = 0
        self.may_go_on = Event()
        self.may_go_on.set()

    def __call__(self) -> int:
        self.may_go_on.wait(60)
        self.calls += 1
        return self.calls


def test_a_value_is_found_once_and_anew_when_its_time_is_over() -> None:
    memo, find = Memo(patience=60), Counter()
    assert [memo.get("a", 60, find), memo.get("a", 60, find), memo.get("a", 0, find)] == [1, 1, 2]
    memo.forget()
    assert memo.get("a", 60, find) == 3


def test_several_who_ask_at_once_wait_for_one() -> None:
    memo, find = Memo(), Counter()
    find.may_go_on.clear()
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(memo.get, "a", 60, find) for _ in range(4)]
        time.sleep(0.05)
        find.may_go_on.set()
        assert {one.result() for one in asked} == {1}


def test_what_is_slow_of_other_keys_keeps_no_page_waiting() -> None:
    memo, slow = Memo(), Counter()
    slow.may_go_on.clear()
    for key in range(5):
        with pytest.raises(NotYet):
            memo.get(key, 60, slow, wait=0.01)
    with ThreadPoolExecutor(1) as threads:
        try:
            assert threads.submit(memo.get, "sites", 60, lambda: 7).result(timeout=30) == 7
        finally:
            slow.may_go_on.set()


def test_who_comes_later_is_given_what_is_there_while_the_newer_is_found() -> None:
    memo, find = Memo(patience=0.01), Counter()
    memo.get("a", 60, find)
    find.may_go_on.clear()
    assert memo.get("a", 0, find) == 1
    find.may_go_on.set()
    while memo.get("a", 60, find) == 1:
        time.sleep(0.01)
    assert find.calls == 2


def test_an_error_is_the_callers_and_the_next_one_tries_again() -> None:
    memo = Memo()

    def fail() -> int:
        raise ValueError("away")

    with pytest.raises(ValueError, match="away"):
        memo.get("a", 60, fail)
    assert memo.get("a", 60, lambda: 7) == 7


def test_an_error_that_nobody_waited_for_is_told_to_the_next_who_asks_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memo, may_fail = Memo(), Event()

    def fail() -> int:
        may_fail.wait(60)
        raise ValueError("away")

    def begin() -> None:
        may_fail.clear()
        with pytest.raises(NotYet):
            memo.get("a", 60, fail, wait=0)
        running = memo._entries["a"].running
        may_fail.set()
        assert running is not None
        running.exception(60)

    begin()
    with pytest.raises(ValueError, match="away"):
        memo.get("a", 60, fail, wait=0)
    begin()
    assert memo.get("a", 60, lambda: 7) == 7  # who waits finds out
    memo.forget()
    begin()
    monkeypatch.setattr("review.web.memo.FAILURE_KEPT", -1.0)
    assert memo.get("a", 60, lambda: 8, wait=60) == 8


def test_the_first_who_asks_waits_no_longer_than_asked_for() -> None:
    memo, find = Memo(), Counter()
    find.may_go_on.clear()
    with pytest.raises(NotYet):
        memo.get("a", 60, find, wait=0.01)
    find.may_go_on.set()
