"""A model and questions in a database, and how far their tagging has come."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy import Engine, func, select

from core.database.engine import reading
from core.database.tables import TaggingRequest
from core.database.views import SiteCount
from core.model import registry
from core.model.bundle import Bundle, pack
from core.questions.files import load_questions
from core.questions.lifecycle import is_pending
from core.questions.store import FetchedQuestion, store
from core.settings import Settings
from tests.processes import ROOT

PATIENCE_SECONDS = 600
STORED_AT_ONCE = 1000


def publish(engine: Engine, bundle: Bundle, site: str, fingerprint: str, folder: Path) -> None:
    """Make a bundle live for a site, as another version each time."""
    manifest = bundle.manifest.model_copy(update={"site": site, "data_fingerprint": fingerprint})
    packed = pack(replace(bundle, manifest=manifest), folder / "packed.zip")
    now = datetime.now(UTC)
    with engine.begin() as connection:
        version, _ = registry.publish(connection, packed, now=now)
        registry.promote(connection, site, version.version, now=now, reason="hand")


def numbered(path: Path, site: str, count: int) -> list[FetchedQuestion]:
    """So many questions of a file, each under a number of its own."""
    own = list(islice(load_questions(path, site=site), count))
    return [
        replace(question, question_id=number)
        for number, question in enumerate(islice(cycle(own), count), start=1)
    ]


def store_all(engine: Engine, questions: Sequence[FetchedQuestion]) -> None:
    """Store questions, of which none is to be tagged yet."""
    for start in range(0, len(questions), STORED_AT_ONCE):
        some = questions[start : start + STORED_AT_ONCE]
        with engine.begin() as connection:
            store(connection, some, now=datetime.now(UTC), request_tagging=False)


def ask_for_all(settings: Settings, site: str) -> None:
    """What a person would type."""
    command = [sys.executable, "-m", "tagger", "tag", "--all", "--site", site]
    env = environment(settings)
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)


def environment(settings: Settings) -> dict[str, str]:
    """What the program runs with; it keeps its compiled modules, as wherever it is installed."""
    own = {
        "PYTHONPATH": str(ROOT),
        "TAGGER_DATABASE_URL": settings.database,
        "TAGGER_DATA_DIR": str(settings.data_dir),
    }
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | own


def pending(engine: Engine) -> int:
    """How many questions wait."""
    with reading(engine) as connection:
        waiting = select(func.count()).select_from(TaggingRequest).where(is_pending())
        return connection.execute(waiting).scalar_one()


def predicted(engine: Engine) -> int:
    """How many questions have been tagged, by the sums that the database keeps."""
    with reading(engine) as connection:
        return int(connection.execute(select(func.sum(SiteCount.tagged))).scalar_one() or 0)


def wait_for(engine: Engine, count: int, *, pause: float = 0.2) -> None:
    """Wait until so many questions have been tagged.

    Raises:
        SystemExit: for too long.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while predicted(engine) < count:
        if time.monotonic() > end:
            sys.exit(f"{predicted(engine)} of {count} tagged, {pending(engine)} pending")
        time.sleep(pause)
