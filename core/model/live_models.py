"""The models that a process has loaded, one a site, each as new as the registry says."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.errors import BundleRefused, CacheUnusable, EncoderMissing, ModelMissing
from core.memory import give_back_freed_memory
from core.model import registry
from core.model.bundle import Bundle
from core.model.bundle_cache import BundleCache
from core.model.fetching import fetch_from
from core.model.predictor import Model
from core.model.registry import Version, VersionKey
from core.model.sentences.encoders import NO_ENCODER, Encoders

log = logging.getLogger(__name__)

RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version and its model, ready to run."""

    version: Version
    model: Model


@dataclass(frozen=True, slots=True)
class Serving:
    """What tags a site's questions.

    Attributes:
        live: which version is live.
        loaded: it, or another one where it is refused or cannot be loaded yet.
        retry_at: when loading it is tried again, by the machine's own count of seconds.
    """

    live: VersionKey
    loaded: Loaded
    retry_at: float = math.inf


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a version is not taken, and until when: a bundle never changes, an encoder may come."""

    error: BundleRefused
    until: float

    @classmethod
    def of(cls, error: BundleRefused) -> Self:
        passes = isinstance(error, EncoderMissing)
        return cls(error, time.monotonic() + RETRY_SECONDS if passes else math.inf)


class LiveModels:
    """Loads a site's live version when it is asked for, and again when another one is live.

    Of a site one model at most stands in memory: the old one goes before the new one is loaded.
    """

    def __init__(
        self,
        engine: Engine,
        cache: BundleCache,
        *,
        most_bytes: int,
        threads: int = 1,
        encoders: Encoders = NO_ENCODER,
    ) -> None:
        """Load nothing yet.

        Args:
            engine: the database's.
            cache: where bundles are unpacked.
            most_bytes: of all models together; one is loaded however large it is.
            threads: of each network.
            encoders: the sentence encoder that is here, for models that read one.
        """
        self._engine = engine
        self._cache = cache
        self._most_bytes = most_bytes
        self._threads = threads
        self._encoders = encoders
        self._serving: dict[str, Serving] = {}  # by site, the last used last
        self._refused: dict[VersionKey, _Refusal] = {}

    def get(self, site: str, before_loading: Callable[[], None] = lambda: None) -> Serving:
        """Return the model of the site's live version, read from the registry where it is new.

        A bundle that does not verify is refused, and the one that was loaded before goes on; in a
        process that has loaded none, the one that a rollback would go back to. A sentence encoder
        that is not here is looked for again after RETRY_SECONDS.

        Args:
            site: the API's name.
            before_loading: called first where another version is loaded: lets go of the one before,
                which would stay in memory beside it.

        Raises:
            ModelMissing: the site has no live version.
            BundleRefused: the live version's bundle does not verify, nor that of any before it.
            CacheUnusable: there is no room for the bundle.
        """
        with reading(self._engine) as connection:
            live = registry.find_live_key(connection, site)  # at every batch, so nothing more
        if not self._is_current(site, live):
            before_loading()
            self._serving[site] = self._take_up(site)
        self._serving[site] = self._serving.pop(site)  # as the one that was used last
        return self._serving[site]

    def get_loaded(self, site: str) -> Serving | None:
        """Return what served the site last, without a look at the registry.

        For those who find out by themselves whether its version is still the live one.
        """
        serving = self._serving.get(site)
        if serving is None or time.monotonic() >= serving.retry_at:
            return None
        self._serving[site] = self._serving.pop(site)  # as the one that was used last
        return serving

    def _is_current(self, site: str, live: VersionKey | None) -> bool:
        serving = self._serving.get(site)
        return serving is not None and serving.live == live and time.monotonic() < serving.retry_at

    def _take_up(self, site: str) -> Serving:
        with reading(self._engine) as connection:
            live = registry.find_live(connection, site)
            self._drop_what_is_gone(connection, site)
        if live is None:
            self._drop(site)
            raise ModelMissing(
                f"The site {site} has no live model: its questions wait until one is trained.",
                site=site,
            )
        before = self._serving.get(site)
        if before is not None and before.loaded.version.key == live.key:
            return Serving(live.key, before.loaded)
        of_before = before.loaded.version if before is not None else None
        told = self._refused.get(live.key) if before and before.live == live.key else None
        del before  # or its model would stay in memory while the new one is loaded
        try:
            loaded = self._try(live)
        except CacheUnusable as error:
            return self._put_off(live, error)
        if loaded is not None:
            return Serving(live.key, loaded)
        loaded, refusal = self._load_other(live, of_before), self._refused[live.key]
        if told is None or str(told.error) != str(refusal.error):
            log.error(
                "%s: version %d is refused, version %d goes on: %s",
                site,
                live.version,
                loaded.version.version,
                refusal.error,
            )
        return Serving(live.key, loaded, refusal.until)

    def _drop_what_is_gone(self, connection: Connection, site: str) -> None:
        """Drop a version that a restored backup took away: its key may be another one's by now."""
        serving = self._serving.get(site)
        if serving is None:
            return
        found = registry.find_version(connection, serving.loaded.version.id)
        if found is None or found.key != serving.loaded.version.key:
            self._drop(site)

    def _put_off(self, live: Version, error: CacheUnusable) -> Serving:
        """Go on with the version that is loaded, for a while; what is in the way may pass."""
        kept = self._serving.get(live.site)
        if kept is None:
            raise error
        number = kept.loaded.version.version
        log.error("%s: version %d waits, %d goes on: %s", live.site, live.version, number, error)
        return Serving(live.key, kept.loaded, time.monotonic() + RETRY_SECONDS)

    def _load_other(self, live: Version, before: Version | None) -> Loaded:
        """Return the version that was used before, or load the nearest that is not refused."""
        kept = self._serving.get(live.site)
        if kept is not None:
            return kept.loaded
        with reading(self._engine) as connection:
            previous = registry.list_previous(connection, live.site)
        candidates = previous if before is None else [before, *previous]
        loaded = next(filter(None, map(self._try, candidates)), None)
        if loaded is None:
            raise self._refused[live.key].error
        return loaded

    def _try(self, version: Version) -> Loaded | None:
        refusal = self._refused.get(version.key)
        if refusal is not None and time.monotonic() < refusal.until:
            return None
        try:
            return self._read(version)
        except BundleRefused as error:
            self._refused[version.key] = _Refusal.of(error)
            return None

    def _read(self, version: Version) -> Loaded:
        with self._cache.open(version, fetch_from(self._engine)) as bundle:
            if (sentence := bundle.manifest.sentence) is not None:
                self._encoders.check_usable(sentence)  # before another model makes room for it
            self._make_room(version.site, bundle)
            model = Model(bundle, threads=self._threads, encoders=self._encoders)
        log.info(
            "%s: version %d (%s) is loaded", version.site, version.version, version.architecture
        )
        return Loaded(version, model)

    def _make_room(self, site: str, bundle: Bundle) -> None:
        """Drop the site's old model, and others beyond the bound, the least used first.

        A new model is reckoned to take as much of its own as the largest that is loaded, by its
        file: what it does take is known when it is loaded.
        """
        ratios = [s.loaded.model.size / s.loaded.model.mapped for s in self._serving.values()]
        self._drop(site)
        room = self._most_bytes - bundle.size * max(ratios, default=1.0)
        for other, serving in reversed(list(self._serving.items())):
            room -= serving.loaded.model.size
            if room < 0:
                self._drop(other)
                log.info("%s: its model is dropped for that of %s", other, site)
        give_back_freed_memory()

    def _drop(self, site: str) -> None:
        self._serving.pop(site, None)
