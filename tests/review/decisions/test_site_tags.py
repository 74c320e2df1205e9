import pytest
from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import UnknownSite
from review.decisions.save import Asked, Decision, save
from review.decisions.site_tags import SiteTag, complete, list_tags
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_all_tags_are_completed_by_use(engine: Engine, clock: ManualClock) -> None:
    authors = {1: ["r", "regression"], 2: ["regression"], 3: ["c++", "linear-regression"]}
    predict_rows(engine, {1: {}, 2: {}, 3: {}}, now=clock.now(), authors=authors)
    with engine.begin() as connection:
        asked = Asked("ann", "1", "stats", 1, clock.now())
        save(connection, asked, Decision(verdicts={"rare-tag": "added"}))
    with reading(engine) as connection:
        tags = list_tags(connection, "stats")
    assert tags[:2] == [SiteTag("regression", 2), SiteTag("c++", 1)]
    assert [tag.tag for tag in complete(tags, "R", limit=9)] == [
        "regression",
        "r",
        "rare-tag",
        "linear-regression",
    ]
    assert complete(tags, "r", limit=1) == [SiteTag("regression", 2)]
    assert len(complete(tags, "", limit=9)) == 5


def test_an_unknown_site_is_told(engine: Engine) -> None:
    with reading(engine) as connection, pytest.raises(UnknownSite, match="nowhere"):
        list_tags(connection, "nowhere")
