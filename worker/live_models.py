"""The models that a process has loaded, one a site, each as new as the registry says."""

import logging
from dataclasses import dataclass

from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import BundleRefused, ModelMissing
from core.model import registry
from core.model.predictor import Model
from core.model.registry import Version

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version and its model, ready to run."""

    version: Version
    model: Model


@dataclass(frozen=True, slots=True)
class Serving:
    """What tags a site's questions.

    Attributes:
        live_id: key of the live version.
        loaded: it, or another one where it is refused.
    """

    live_id: int
    loaded: Loaded


class LiveModels:
    """Loads a site's live version when it is asked for, and again when another one is live."""

    def __init__(self, engine: Engine, *, threads: int = 1) -> None:
        self._engine = engine
        self._threads = threads
        self._serving: dict[str, Serving] = {}
        self._refused: dict[int, BundleRefused] = {}  # by version: it never changes, nor does this

    def get(self, site: str) -> Serving:
        """Return the model of the site's live version, read from the registry where it is new.

        A bundle that does not verify is refused, and the one that was loaded before goes on; in a
        process that has loaded none, the one that a rollback would go back to.

        Raises:
            ModelMissing: the site has no live version.
            BundleRefused: the live version's bundle does not verify, nor that of any before it.
        """
        with reading(self._engine) as connection:
            live_id = registry.find_live_id(connection, site)  # at every batch, so nothing more
        serving = self._serving.get(site)
        if serving is None or serving.live_id != live_id:
            serving = self._serving[site] = self._take_up(site)
        return serving

    def _take_up(self, site: str) -> Serving:
        with reading(self._engine) as connection:
            live = registry.find_live(connection, site)
        before = self._serving.get(site)
        if live is None:
            self._serving.pop(site, None)
            raise ModelMissing(
                f"The site {site} has no live model: its questions wait. "
                f"Train one with: tagger train --site {site}"
            )
        if before is not None and before.loaded.version.id == live.id:
            return Serving(live.id, before.loaded)
        loaded = self._try(live)
        if loaded is None:
            loaded = before.loaded if before is not None else self._load_previous(live)
            log.error(
                "%s: version %d is refused, version %d goes on: %s",
                site,
                live.version,
                loaded.version.version,
                self._refused[live.id],
            )
        return Serving(live.id, loaded)

    def _load_previous(self, live: Version) -> Loaded:
        """Load the nearest version that a rollback would go back to and that is not refused."""
        with reading(self._engine) as connection:
            previous = registry.list_previous(connection, live.site)
        loaded = next(filter(None, map(self._try, previous)), None)
        if loaded is None:
            raise self._refused[live.id]
        return loaded

    def _try(self, version: Version) -> Loaded | None:
        if version.id in self._refused:
            return None
        try:
            return self._read(version)
        except BundleRefused as error:
            self._refused[version.id] = error
            return None

    def _read(self, version: Version) -> Loaded:
        with reading(self._engine) as connection:
            bundle = registry.load_bundle(connection, version, keras=False)
        model = Model(bundle, threads=self._threads)
        log.info(
            "%s: version %d (%s) is loaded", version.site, version.version, version.architecture
        )
        return Loaded(version, model)
