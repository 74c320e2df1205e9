"""The models that a process has loaded, one a site, each as new as the registry says."""

import logging

from sqlalchemy import Engine

from core import registry
from core.database import reading
from core.errors import BundleRefused, ModelMissing
from core.model import Model
from core.registry import Version

log = logging.getLogger(__name__)


class LiveModels:
    """Loads a site's live version when it is asked for, and again when another one is live."""

    def __init__(self, engine: Engine, *, threads: int = 1) -> None:
        self._engine = engine
        self._threads = threads
        self._loaded: dict[str, tuple[Version, Model]] = {}
        self._refused: dict[int, BundleRefused] = {}  # by version: it never changes, nor does this

    def get(self, site: str) -> tuple[Version, Model]:
        """Return the site's live version and its model, read from the registry where it is new.

        A bundle that does not verify is refused, and the one that was loaded before goes on.

        Raises:
            ModelMissing: the site has no live version.
            BundleRefused: the live version's bundle does not verify, and none was loaded before.
        """
        with reading(self._engine) as connection:
            live = registry.find_live(connection, site)
            if live is None:
                self._loaded.pop(site, None)
                raise ModelMissing(
                    f"The site {site} has no live model: its questions wait. "
                    f"Train one with: tagger train --site {site}"
                )
            loaded = self._loaded.get(site)
            if loaded is not None and loaded[0].id == live.id:
                return loaded
            if live.id in self._refused:
                return self._keep(loaded, live, self._refused[live.id])
            try:
                bundle = registry.load_bundle(connection, live)
            except BundleRefused as error:
                return self._keep(loaded, live, error)
        try:
            self._loaded[site] = live, Model(bundle, threads=self._threads)
        except BundleRefused as error:
            return self._keep(loaded, live, error)
        log.info("%s: version %d (%s) is loaded", site, live.version, live.architecture)
        return self._loaded[site]

    def _keep(
        self, loaded: tuple[Version, Model] | None, live: Version, error: BundleRefused
    ) -> tuple[Version, Model]:
        known = live.id in self._refused
        self._refused[live.id] = error
        if loaded is None:
            raise error
        if not known:
            log.error(
                "%s: version %d is refused, version %d goes on: %s",
                live.site,
                live.version,
                loaded[0].version,
                error,
            )
        return loaded
