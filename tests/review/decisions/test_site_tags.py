import pytest
from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import UnknownSite
from review.decisions.save import Asked, Decision, save
from review.decisions.site_tags import FRESH, SiteTag, TagLists
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_all_tags_are_completed_by_use(engine: Engine, clock: ManualClock) -> None:
    authors = {1: ["r", "regression"], 2: ["regression"], 3: ["c++", "linear-regression"]}
    predict_rows(engine, {1: {"Ridge": 0.5}, 2: {}, 3: {}}, now=clock.now(), authors=authors)
    with engine.begin() as connection:
        asked = Asked("ann", "1", "stats", 1, clock.now())
        save(connection, asked, Decision(verdicts={"rare-tag": "added"}))
    lists = TagLists()

    def complete(typed: str, limit: int = 9) -> list[SiteTag]:
        with reading(engine) as connection:
            return lists.complete(connection, "stats", typed, limit=limit, now=clock.now())

    assert [tag.tag for tag in complete("R")] == [
        "regression",
        "r",
        "Ridge",
        "rare-tag",
        "linear-regression",
    ]
    assert complete("r", 1) == [SiteTag("regression", 2)]
    assert len(complete("")) == 6
    predict_rows(engine, {4: {}}, now=clock.now(), authors={4: ["r"]})
    assert complete("r", 1) == [SiteTag("regression", 2)]
    clock.sleep(FRESH.total_seconds())
    assert complete("r", 2) == [SiteTag("r", 2), SiteTag("regression", 2)]


def test_an_unknown_site_is_told(engine: Engine, clock: ManualClock) -> None:
    with reading(engine) as connection, pytest.raises(UnknownSite, match="nowhere"):
        TagLists().complete(connection, "nowhere", "", limit=1, now=clock.now())
