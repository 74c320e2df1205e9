import socket

import pytest
import requests

from review.notify.post import Limits, post
from tests.review.notify.receiver import receiver

LIMITS = Limits(1.0, 5.0, 0.5)


def test_the_status_of_an_answer_comes_without_its_body() -> None:
    with receiver() as there:
        there.answer = 418
        assert post(there.address, b"{}", {"X-One": "1"}, LIMITS) == 418
        (came,) = there.received
    assert (came.body, came.headers["X-One"]) == (b"{}", "1")


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["drip", "hang"])
def test_an_answer_that_does_not_end_is_given_up(trouble: str) -> None:
    with receiver() as there:
        there.answer = trouble
        with pytest.raises(requests.Timeout, match=r"not over after 0\.5 s"):
            post(there.address, b"{}", {}, LIMITS)


def test_a_handshake_that_does_not_end_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(requests.Timeout, match=r"not over after 0\.5 s"):
            post(address, b"{}", {}, LIMITS)
