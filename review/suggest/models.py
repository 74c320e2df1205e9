"""The live models of this process, for one thread at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Engine

from core.model.bundle_cache import open_cache
from core.model.live_models import LiveModels, Loaded
from core.model.sentences.encoders import Encoders
from core.settings import Settings


class SharedModels:
    """Gives a site's live model to one thread after another: LiteRT is not for several at once.

    with context.models.use("stats") as loaded:
        probabilities = loaded.model.probabilities(words)

    A version that goes live is loaded at the next use, as workers do it.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Load nothing yet."""
        self._lock = Lock()
        most_bytes = settings.model_memory_mb * 1_000_000
        self._models = LiveModels(
            engine,
            open_cache(settings),
            most_bytes=most_bytes,
            encoders=Encoders(settings.teacher),
        )

    @contextmanager
    def use(self, site: str) -> Iterator[Loaded]:
        """The model of a site's live version, until the block ends.

        Raises:
            ModelMissing: the site has no live version.
            ModelError: it cannot be loaded, nor any before it.
        """
        with self._lock:
            yield self._models.get(site).loaded
