"""A network namespace for each service, and a cable of its own from there to each server.

What a cable loses, TCP of the kernel sends again, later each time: so a network looks whose packets
are lost, to the services and to the system beneath them. A proxy that stalls (`proxies.py`) keeps
what both send, and has told either side that it was received.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final, Self

FIRST_ADDRESS: Final = IPv4Address("10.128.0.0")
ADDRESSES: Final = 4  # a cable has a network of four addresses, two of which are its ends'
MOST_CABLES: Final = 32  # of one run; runs beside each other take other addresses, by their numbers


@dataclass(frozen=True, slots=True)
class Link:
    """A cable.

    Attributes:
        device: its end at the servers.
        address: of that end, where they listen.
    """

    device: str
    address: str

    def down(self) -> None:
        """Lose all that is sent over it from here on, either way."""
        _ip("link", "set", self.device, "down")

    def up(self) -> None:
        """Lose nothing more."""
        _ip("link", "set", self.device, "up")


@dataclass(slots=True)
class Namespaces:
    """All namespaces of a run, by service.

    with Namespaces() as namespaces:
        link = namespaces.connect("poller", "api")
        command = namespaces.command("poller", ["tagger", "poll"])
    """

    _number: int = field(default_factory=os.getpid)
    _links: dict[tuple[str, str], Link] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for link in self._links.values():  # a namespace's end takes them too, some time later
            _ip("link", "delete", link.device)
        for name in self._names.values():
            _ip("netns", "delete", name)

    def connect(self, service: str, server: str) -> Link:
        """Lay a cable from a service's namespace to a server."""
        name = self._names.get(service) or self._make(service)
        count = len(self._links)
        assert count < MOST_CABLES
        first = FIRST_ADDRESS + (self._number % 2**16 * MOST_CABLES + count) * ADDRESSES
        near, far = f"tc{self._number}s{count}", f"tc{self._number}c{count}"
        _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        _ip("address", "add", f"{first + 1}/30", "dev", near)
        _ip("-n", name, "address", "add", f"{first + 2}/30", "dev", far)
        _ip("link", "set", near, "up")
        _ip("-n", name, "link", "set", far, "up")
        return self._links.setdefault((service, server), Link(near, str(first + 1)))

    def link(self, service: str, server: str) -> Link:
        """The cable between a service and a server."""
        return self._links[service, server]

    def command(self, service: str, command: Sequence[str]) -> list[str]:
        """A command as it runs in a service's namespace, under the same process id."""
        return ["ip", "netns", "exec", self._names[service], *command]

    def _make(self, service: str) -> str:
        name = f"tc{self._number}n{len(self._names)}"
        _ip("netns", "add", name)
        _ip("-n", name, "link", "set", "lo", "up")
        self._names[service] = name
        return name


def can_be_made() -> bool:
    """Whether this user may make namespaces here."""
    if os.geteuid() != 0:
        return False
    try:
        with Namespaces() as tried:
            tried.connect("one", "other")
    except OSError:
        return False
    return True


def _ip(*words: str) -> None:
    run = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if run.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {run.stderr.strip()}")
