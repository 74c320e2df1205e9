"""Loads the model that a new process of the pool will need while it still waits for a task."""

import logging
import threading

from sqlalchemy import Engine

from core.database.engine import reading
from core.model.bundle_cache import BundleCache
from core.model.live_models import LiveModels
from worker.loading.prefetch import find_needed

log = logging.getLogger(__name__)


class Preloading:
    """A thread that loads a model, for which the process' first task waits.

    Where the model is not in the cache yet, the task itself fetches it, and only a task of that
    site waits; here it is fetched only where what the cache holds is damaged, or another version
    goes live at that moment. What goes wrong is left to the task, too, which says what it is.

        preloading = Preloading()
        preloading.begin(engine, models, cache)
        preloading.wait()
        models.get("stats")
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def begin(self, engine: Engine, models: LiveModels, cache: BundleCache) -> None:
        """Load the live model of a site that has something to tag, beside what comes next."""
        self._thread = threading.Thread(
            target=_load, args=(engine, models, cache), name="preload", daemon=True
        )
        self._thread.start()

    def wait(self) -> None:
        """Wait for its end: `models` are not for two threads at once."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None


def _load(engine: Engine, models: LiveModels, cache: BundleCache) -> None:
    try:
        with reading(engine) as connection:
            version = find_needed(connection)
        if version is not None and cache.holds(version):
            models.get(version.site)
    except Exception as error:
        log.debug("no model is preloaded", exc_info=error)
