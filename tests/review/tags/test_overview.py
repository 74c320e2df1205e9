from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, bindparam, text, update

from core.database.engine import reading
from core.database.tables import BundlePart, UtcDateTime
from core.settings import Settings
from review.tags import overview as overview_of_tags
from review.tags.overview import MonthlyUses, tags_of, uses_by_month
from review.web.context import Context
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import publish_live, question, store_questions

_ROW = text(
    "INSERT INTO questions (id, site, question_id, title, body, author_tags, fetched_at, "
    "content_hash, created_at) VALUES (:id, 'stats', :number, 't', 'b', '[]', :at, '0', :at)"
).bindparams(bindparam("at", type_=UtcDateTime))
_TAG = text(
    "INSERT INTO question_tags (question_pk, site, tag) SELECT id, site, 'r' FROM questions"
)


def test_uses_are_counted_by_month(engine: Engine, clock: ManualClock) -> None:
    asked = [clock.now() - timedelta(days=days) for days in (1, 2, 40, 2000)]
    given = [question(number, created_at=at) for number, at in enumerate(asked)]
    store_questions(engine, *given, question(9, created_at=None), now=clock.now())
    with reading(engine) as connection:
        found = uses_by_month(connection, "stats", "regression", now=clock.now())
        none = uses_by_month(connection, "stats", "anova", now=clock.now())
    assert found == MonthlyUses({date(2025, 12, 1): 2, date(2025, 11, 1): 1})
    assert none == MonthlyUses({})


@pytest.mark.parametrize("stride", [1, 2, 50])
def test_of_a_common_tag_a_sample_tells_its_months(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, stride: int
) -> None:
    """Also where every second row, or each fiftieth, is the site's: two polled in turns."""
    monkeypatch.setattr(overview_of_tags, "MOST_USES", 100)
    monkeypatch.setattr(overview_of_tags, "SAMPLED_USES", 100)
    given = [
        {"id": n * stride, "number": n, "at": clock.now() - timedelta(days=1 if n % 4 else 40)}
        for n in range(1, 401)
    ]
    with engine.begin() as connection:
        connection.execute(_ROW, given)
        connection.execute(_TAG)
        found = uses_by_month(connection, "stats", "r", now=clock.now())
    assert found.is_estimate
    assert found.uses[date(2025, 12, 1)] == pytest.approx(300, rel=0.15)
    assert found.uses[date(2025, 11, 1)] == pytest.approx(100, rel=0.3)


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
