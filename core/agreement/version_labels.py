"""The labels that model versions know, read from their bundles and remembered."""

import logging

from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import BundleRefused, VersionPruned
from core.model import registry
from core.model.bundle_cache import BundleCache
from core.model.fetching import fetch_from

log = logging.getLogger(__name__)


class VersionLabels:
    """Says which labels a version knows, by its key; a process asks for few of them."""

    def __init__(self, engine: Engine, cache: BundleCache) -> None:
        self._engine = engine
        self._cache = cache
        self._labels: dict[int, tuple[str, ...]] = {}

    def __call__(self, version_id: int) -> tuple[str, ...]:
        """The labels of a version; none where its bundle is pruned or refused.

        Raises:
            CacheUnusable: there is no room for the bundle.
            DatabaseUnreachable: it cannot be fetched now.
        """
        if version_id not in self._labels:
            self._labels[version_id] = self._read(version_id)
        return self._labels[version_id]

    def _read(self, version_id: int) -> tuple[str, ...]:
        with reading(self._engine) as connection:
            versions = {version.id: version for version in registry.list_versions(connection)}
        version = versions.get(version_id)
        if version is None or version.pruned_at is not None:
            return ()
        try:
            with self._cache.open(version, fetch_from(self._engine)) as bundle:
                return bundle.manifest.labels
        except (BundleRefused, VersionPruned) as error:
            log.warning("its questions get no label quality: %s", error)
            return ()
