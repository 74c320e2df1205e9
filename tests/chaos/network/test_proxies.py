"""A network that is stalled loses nothing and tells nobody; one that is cut is reset."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.chaos.network.proxies import Network


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(ConnectionResetError):
            while data := self.request.recv(100):
                self.request.sendall(data)


@pytest.fixture
def echo() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_stalled_network_gives_everything_later_and_a_cut_one_nothing(echo: int) -> None:
    with Network() as network:
        proxy = network.between("one and other", echo)
        with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
            client.sendall(b"before")
            assert client.recv(100) == b"before"
            network.do(proxy.stall())
            client.sendall(b"during")
            client.settimeout(0.05)
            with pytest.raises(TimeoutError):
                client.recv(100)
            client.settimeout(10)
            network.do(proxy.flow())
            assert client.recv(100) == b"during"
            network.do(proxy.cut())
            with pytest.raises(ConnectionResetError):
                client.recv(100)


def test_a_server_that_is_away_is_away_behind_its_proxy_too() -> None:
    with Network() as network, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = network.between("one and nobody", unused.getsockname()[1])
        with (
            pytest.raises(ConnectionResetError),  # in whichever of the two it is noticed
            socket.create_connection(("127.0.0.1", proxy.port), 10) as client,
        ):
            client.recv(100)
