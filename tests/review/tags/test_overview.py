from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Engine, update

from core.database.engine import reading
from core.database.tables import BundlePart
from core.settings import Settings
from review.tags.overview import tags_of, uses_by_month
from review.web.context import Context
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import publish_live, question, store_questions


def test_uses_are_counted_by_month(engine: Engine, clock: ManualClock) -> None:
    asked = [clock.now() - timedelta(days=days) for days in (1, 2, 40, 2000)]
    given = [question(number, created_at=at) for number, at in enumerate(asked)]
    store_questions(engine, *given, question(9, created_at=None), now=clock.now())
    with reading(engine) as connection:
        found = uses_by_month(connection, "stats", "regression", now=clock.now())
        none = uses_by_month(connection, "stats", "anova", now=clock.now())
    assert (found, none) == ({date(2025, 12, 1): 2, date(2025, 11, 1): 1}, {})


def test_thresholds_are_the_live_versions_and_none_where_it_cannot_be_read(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    context = Context(Settings(data_dir=tmp_path), sqlite_engine, clock)
    overview = tags_of(context, "stats")
    assert overview.version == 1
    assert {row.threshold for row in overview.tags.values()} == {0.5}
    assert set(overview.tags) == set(LABELS)
    with sqlite_engine.begin() as connection:
        connection.execute(update(BundlePart).values(data=b"?"))
    other = Context(Settings(data_dir=tmp_path / "other"), sqlite_engine, clock)
    assert not tags_of(other, "stats").tags
    assert tags_of(other, "cooking").version is None
