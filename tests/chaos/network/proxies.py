"""A network of the suite's own between each pair of processes, which it can stall and cut.

A service is given a proxy's port in place of its server's. While a pair is stalled no byte goes
either way, and nobody is told: so a network looks whose packets are lost.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(slots=True)
class Proxy:
    """Forwards one port to another; all but its attributes is for the network's own thread.

    Attributes:
        name: the pair, as `worker-1 and Redis`.
        target: the server's port.
        host: its own address, where it listens.
        port: its own.
    """

    name: str
    target: int
    host: str = "127.0.0.1"
    port: int = 0
    _server: asyncio.Server | None = None
    _flows: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def listen(self) -> None:
        """Listen on a free port, or again on the one that it had."""
        self._flows.set()
        self._server = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Refuse connections until it listens again, as the port of a server that is away does."""
        if self._server is not None:
            self._server.close()

    async def stall(self) -> None:
        """Let no byte through."""
        self._flows.clear()

    async def flow(self) -> None:
        """Let them through again, those that have waited too."""
        self._flows.set()

    async def cut(self) -> None:
        """Reset every connection."""
        for writer in tuple(self._open):
            _reset(writer)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flows.wait()
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, back}
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        self._open -= {writer, back}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        await self._flows.wait()
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST in place of FIN, as one that is known no more."""
    now = struct.pack("ii", 1, 0)
    with suppress(OSError):  # it has just ended
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
    writer.transport.abort()


class Network:
    """All the proxies, in a thread.

    with Network() as network:
        proxy = network.between("poller and API", port)
        network.do(proxy.stall())
    """

    def __init__(self) -> None:
        self.proxies: list[Proxy] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self.proxies:
            self.do(proxy.cut())
            self.do(proxy.refuse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._drop_what_is_open())
        self._loop.close()

    def between(self, name: str, target: int, host: str = "127.0.0.1") -> Proxy:
        """Make a proxy before a server's port, which listens at an address of this machine."""
        proxy = Proxy(name, target, host)
        self.do(proxy.listen())
        self.proxies.append(proxy)
        return proxy

    def before(self, target: int) -> list[Proxy]:
        """All those before a server's port."""
        return [proxy for proxy in self.proxies if proxy.target == target]

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Have the thread do something, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _drop_what_is_open(self) -> None:
        here = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not here]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
