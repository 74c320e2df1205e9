"""What a site's live version says of itself: its labels and their thresholds."""

import logging

from core.errors import ModelError
from core.model import registry
from core.model.bundle_cache import open_cache
from core.model.fetching import fetch_from
from core.model.manifest import Manifest
from review.web.context import Context

log = logging.getLogger(__name__)


def read_manifest(context: Context, live: registry.Version) -> Manifest | None:
    """A version's manifest, from this machine's cache of models; None where it cannot be read.

    The first time it fetches the bundle, which may take seconds: a page does not wait for it.
    """
    cache = open_cache(context.settings)
    try:
        with cache.open(live, fetch_from(context.engine)) as bundle:
            return bundle.manifest
    except ModelError as error:
        log.warning("no labels of %s version %d: %s", live.site, live.version, error)
        return None
