"""The labels that model versions know, read from their bundles and remembered."""

import logging

from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import BundleRefused, VersionPruned
from core.model import registry
from core.model.bundle_cache import BundleCache
from core.model.fetching import fetch_from
from core.model.registry import Version, VersionKey

log = logging.getLogger(__name__)


class VersionLabels:
    """Says which labels a version knows, by its key; a process asks for few of them."""

    def __init__(self, engine: Engine, cache: BundleCache) -> None:
        self._engine = engine
        self._cache = cache
        self._labels: dict[VersionKey, tuple[str, ...]] = {}

    def __call__(self, version_id: int) -> tuple[str, ...]:
        """The labels of a version; none where its bundle is pruned or refused.

        Raises:
            CacheUnusable: there is no room for the bundle.
            DatabaseUnreachable: it cannot be fetched now.
        """
        with reading(self._engine) as connection:
            version = registry.find_version(connection, version_id)
        if version is None:
            return ()
        if version.key not in self._labels:
            self._labels[version.key] = self._read(version)
        return self._labels[version.key]

    def _read(self, version: Version) -> tuple[str, ...]:
        if version.pruned_at is not None:
            return ()
        try:
            with self._cache.open(version, fetch_from(self._engine)) as bundle:
                return bundle.manifest.labels
        except (BundleRefused, VersionPruned) as error:
            log.warning("its questions get no label quality: %s", error)
            return ()
