"""Question files in, a running stand-in out."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from core.questions.files import BrokenRow, load_questions
from core.questions.store import FetchedQuestion
from demo.standin.api import StandIn
from demo.standin.faults import Faults
from demo.standin.limits import Limits
from demo.standin.server import StandInServer, run
from demo.standin.timeline import Life, Release, site_of

logger = logging.getLogger(__name__)


def load(
    files: Iterable[Path],
    *,
    start: float,
    release: Release | None = None,
    life: Life | None = None,
    faults: Faults | None = None,
    limits: Limits | None = None,
    seed: int = 0,
) -> StandIn:
    """A stand-in of the sites that the files hold, from `start` (epoch seconds) on.

    Raises:
        ImportFailed: a file cannot be read, or holds no question that can be used.
    """
    by_site: dict[str, list[FetchedQuestion]] = {}
    for file in files:
        for question in load_questions(file, on_broken=_pass_over):
            by_site.setdefault(question.site, []).append(question)
    sites = [
        site_of(name, questions, start=start, release=release, life=life, seed=seed)
        for name, questions in by_site.items()
    ]
    return StandIn(sites, start=start, faults=faults, limits=limits)


def _pass_over(row: BrokenRow) -> None:
    logger.warning("%s", row)


def serve(
    standin: StandIn,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    listening: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve in the foreground until SIGTERM or SIGINT.

    Args:
        standin: what answers.
        host: the address to listen on.
        port: the port.
        listening: called with the API's address as soon as it listens.

    Raises:
        OSError: the address cannot be had.
    """
    server = StandInServer(standin, host=host, port=port)
    logger.info("serving %s at %s/2.3", ", ".join(standin.sites), server.url)
    listening(f"{server.url}/2.3")
    run(server)
