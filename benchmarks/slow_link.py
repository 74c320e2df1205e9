"""Forwards TCP to a server through a link of a given latency, and counts the round trips.

    python benchmarks/slow_link.py REPORT --delay 10 10.213.1.1:5432=/tmp/pg/.s.PGSQL.5432 ...

Each direction takes so many milliseconds, whatever goes through it, as netem's delay does, which
not every kernel has. A round trip is an answer to something that was asked after the last answer.
On SIGTERM the counts are written to REPORT, a JSON object by the listening port.
"""

import argparse
import asyncio
import json
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

CHUNK = 1 << 16


@dataclass
class Link:
    """One listening port: what went through it."""

    target: str
    delay: float  # seconds, in each direction
    counts: Counter[str] = field(default_factory=Counter)

    async def serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        server, on = await self._connect()
        self.counts["connections"] += 1
        asked = asyncio.Event()
        ways = (
            asyncio.create_task(self._carry(client, on, "asked", asked)),
            asyncio.create_task(self._carry(server, back, "answered", asked)),
        )
        with suppress(asyncio.CancelledError):  # on SIGTERM
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for writer in (on, back):
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.target.startswith("/"):
            return await asyncio.open_unix_connection(self.target)
        host, _, port = self.target.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        what: str,
        asked: asyncio.Event,
    ) -> None:
        line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        deliver = asyncio.create_task(self._deliver(line, writer))
        try:
            while data := await reader.read(CHUNK):
                self.counts[f"bytes {what}"] += len(data)
                if what == "asked":
                    asked.set()
                elif asked.is_set():
                    asked.clear()
                    self.counts["round trips"] += 1
                line.put_nowait((time.monotonic() + self.delay, data))
            line.put_nowait((time.monotonic() + self.delay, b""))
            await deliver
        finally:
            deliver.cancel()

    async def _deliver(
        self, line: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        while True:
            at, data = await line.get()
            if (left := at - time.monotonic()) > 0:
                await asyncio.sleep(left)
            if not data:
                return
            with suppress(OSError):
                writer.write(data)
                await writer.drain()


async def forward(links: dict[tuple[str, int], Link], up: Path) -> None:
    """Serve all links until SIGTERM; a file says that it has begun."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    for (host, port), link in links.items():
        await asyncio.start_server(link.serve, host, port)
    await asyncio.to_thread(up.touch)
    await ended.wait()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--delay", type=float, default=0, help="ms in each direction")
    parser.add_argument("links", nargs="+", help="HOST:PORT=SOCKET or HOST:PORT=HOST:PORT")
    chosen = parser.parse_args()
    links = {}
    for named in chosen.links:
        address, _, target = named.partition("=")
        host, _, port = address.rpartition(":")
        links[host, int(port)] = Link(target, chosen.delay / 1000)
    asyncio.run(forward(links, chosen.report.with_suffix(".up")))
    counts: dict[int, Counter[str]] = {}
    for (_, port), link in links.items():
        counts.setdefault(port, Counter()).update(link.counts)
    chosen.report.write_text(json.dumps(counts))


if __name__ == "__main__":
    main()
