"""Where the review page is."""

import socket

import pytest

from core.errors import ServiceFailed
from core.service.review_page import listen, login_link, page_address
from core.settings import Settings
from tests.conftest import free_port


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:8080"),
        ("tags.example", "http://tags.example:8080"),
    ],
)
def test_its_address_is_one_that_a_browser_takes(host: str, address: str) -> None:
    assert page_address(Settings(review_host=host)) == address


def test_a_link_carries_the_token() -> None:
    assert login_link("http://a/", "x+y") == "http://a/login?token=x%2By"


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    settings = Settings(review_port=free_port())
    with listen(settings), pytest.raises(ServiceFailed, match="Set TAGGER_REVIEW_PORT"):
        listen(settings)


def test_no_answer_waits_for_the_acknowledgement_of_its_first_part() -> None:
    settings = Settings(review_port=free_port())
    with listen(settings) as port, socket.create_connection(port.getsockname()):
        accepted, _ = port.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_host_that_is_not_this_machine_s_is_named() -> None:
    with pytest.raises(ServiceFailed, match=r"cannot listen on no\.such\.host\.invalid:"):
        listen(Settings(review_host="no.such.host.invalid"))
