"""Fetches the model that a starting worker will need while the worker itself is still loading.

By a process of its own: a thread would share the interpreter with what is being imported. It loads
neither NumPy nor the bundle's schema, and looks at no more of the bundle than its hash and its
site: who opens it reads it as strictly as ever.
"""

import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, exists, make_url, select
from sqlalchemy.engine import Connection

from core.child_process import die_with, let_go_of_streams
from core.database.engine import reading
from core.database.existing import open_existing
from core.database.tables import ModelVersion, TaggingRequest
from core.errors import BundleCorrupt
from core.model.bundle_cache import open_cache
from core.model.bundle_store import fetch_parts, fetch_served
from core.model.packed.members import MANIFEST, SERVED, write_member
from core.settings import Settings
from core.site_names import name_today

PREFETCH_SECONDS: Final = 60  # of a process that the database or the cache's lock keeps waiting
FETCH_SECONDS: Final = 900  # of one that fetches: a slow link is no reason to begin again


@dataclass(frozen=True, slots=True)
class Needed:
    """A version whose bundle is needed at once."""

    id: int
    site: str
    sha256: str
    size: int


def start_prefetch(settings: Settings) -> threading.Thread:
    """Fill the cache of models beside what this process does next; call it before any connection.

    Whatever goes wrong is left to the process that needs the model, which says what it is. The
    process ends with this one, and holds none of its streams.

    Returns:
        What waits for the other process' end.
    """
    parent = os.getpid()
    make_url(settings.database).get_dialect().import_dbapi()  # the driver, which both need
    pid = os.fork()
    if pid == 0:
        try:
            with suppress(BaseException):
                _prefetch_beside(parent, settings)
        finally:
            os._exit(0)
    waiting = threading.Thread(target=_wait_for, args=(pid,), name="prefetch", daemon=True)
    waiting.start()
    return waiting


def _prefetch_beside(parent: int, settings: Settings) -> None:
    die_with(parent)
    let_go_of_streams()
    signal.alarm(PREFETCH_SECONDS)  # which ends it
    prefetch(settings, on_fetching=lambda: signal.alarm(FETCH_SECONDS))


def _wait_for(pid: int) -> None:
    with suppress(ChildProcessError):  # somebody else who waits for children was first
        os.waitpid(pid, 0)


def prefetch(settings: Settings, on_fetching: Callable[[], object] = lambda: None) -> Needed | None:
    """Fetch the live version of a site that has something to tag; return it, if there is one.

    Args:
        settings: of the service.
        on_fetching: called when the waiting is over, and bytes come.
    """

    def fetch(version: Needed, folder: Path) -> dict[str, str] | None:
        on_fetching()
        return _unpack(engine, version, folder)

    engine = open_existing(settings.database)
    try:
        with reading(engine) as connection:
            version = find_needed(connection)
        if version is not None:
            open_cache(settings).fill(version, fetch)
    finally:
        engine.dispose()
    return version


def find_needed(connection: Connection) -> Needed | None:
    """Return the live version of a site that has something to tag, if there is one."""
    pending = exists().where(
        TaggingRequest.site == ModelVersion.site, TaggingRequest.parked_at.is_(None)
    )
    columns = (ModelVersion.id, ModelVersion.site, ModelVersion.sha256, ModelVersion.size)
    live = select(*columns).where(ModelVersion.live, pending).limit(1)
    row = connection.execute(live).one_or_none()
    return None if row is None else Needed(*row)


def _unpack(engine: Engine, version: Needed, folder: Path) -> dict[str, str] | None:
    with reading(engine) as connection:
        digests = fetch_served(connection, version.id, folder)
        if digests is None:
            _unpack_whole(connection, version, folder)
    if json.loads((folder / MANIFEST).read_bytes())["site"] != name_today(version.site):
        raise BundleCorrupt("It belongs to another site.")
    return digests


def _unpack_whole(connection: Connection, version: Needed, folder: Path) -> None:
    packed = folder / "bundle.zip"
    found = fetch_parts(connection, version.id, packed)
    if found.hexdigest() != version.sha256 or not found.is_sealed():
        raise BundleCorrupt("It is not what was published.")
    for name in SERVED:
        write_member(packed, name, folder / name, is_published=True)
    packed.unlink()
