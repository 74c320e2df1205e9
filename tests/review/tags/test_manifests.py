from sqlalchemy import delete

from core.database.engine import reading
from core.database.tables import BundlePart
from core.model import registry
from review.tags.manifests import read_manifest
from review.web.context import Context
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import publish_live


def test_a_manifest_is_read_from_the_bundle(context: Context, clock: ManualClock) -> None:
    version = publish_live(context.engine, word_bundle(), now=clock.now())
    found = read_manifest(context, version)
    assert found is not None
    assert found.labels == LABELS


def test_of_a_bundle_that_cannot_be_read_there_is_none(
    context: Context, clock: ManualClock
) -> None:
    publish_live(context.engine, word_bundle(), now=clock.now())
    with context.engine.begin() as connection:
        connection.execute(delete(BundlePart))
    with reading(context.engine) as connection:
        version = registry.get_live(connection, "stats")
    assert read_manifest(context, version) is None
