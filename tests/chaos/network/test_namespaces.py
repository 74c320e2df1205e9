"""A cable that is down loses what is sent, and tells nobody; the system sends it again."""

import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from tests.chaos.network.namespaces import Namespaces, can_be_made

ECHO = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) as there:
    while data := there.recv(100):
        there.sendall(data)
"""


def test_a_cable_that_is_down_loses_packets_and_keeps_connections() -> None:
    if not can_be_made():
        pytest.skip("no network namespaces can be made: root alone may")
    with Namespaces() as namespaces, ExitStack() as stack:
        link = namespaces.connect("service", "server")
        server = stack.enter_context(socket.create_server((link.address, 0)))
        where = [link.address, str(server.getsockname()[1])]
        command = namespaces.command("service", [sys.executable, "-c", ECHO, *where])
        with subprocess.Popen(command) as process:
            server.settimeout(20)
            here, _ = server.accept()
            with here:
                here.settimeout(20)
                here.sendall(b"before")
                assert here.recv(100) == b"before"
                link.down()
                here.sendall(b"during")
                here.settimeout(0.3)
                with pytest.raises(TimeoutError):
                    here.recv(100)
                link.up()
                here.settimeout(20)
                assert here.recv(100) == b"during"
            assert process.wait(20) == 0
