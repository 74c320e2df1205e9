import pytest
from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import UnknownSite
from core.questions.suggested import read_blocked_tags
from review.decisions import site_tags
from review.decisions.question_view import view_question
from review.decisions.save import Asked, Decision, save
from review.decisions.site_tags import (
    SiteTag,
    block_tag,
    complete,
    list_tags,
    unblock_tag,
)
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
        "r",
        "regression",
        "rare-tag",
        "linear-regression",
    ]
    assert complete(tags, "re", limit=1) == [SiteTag("regression", 2)]
    assert complete(tags, "Linear reg", limit=9) == [SiteTag("linear-regression", 1)]
    assert len(complete(tags, "", limit=9)) == 5
    shorter = [SiteTag("r-squared", 3), SiteTag("r", 1)]
    assert [tag.tag for tag in complete(shorter, "R", limit=9)] == ["r", "r-squared"]


def test_the_newest_tags_that_reviewers_added_are_completed_each_counted_once(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_tags, "NEWEST", 2)
    predict_rows(engine, {number: {} for number in range(1, 6)}, now=clock.now())
    added = ["oldest", "often", "often", "often", "newest"]
    for number, tag in enumerate(added, 1):
        clock.sleep(1)
        with engine.begin() as connection:
            asked = Asked("ann", str(number), "stats", number, clock.now())
            save(connection, asked, Decision(verdicts={tag: "added"}))
    with reading(engine) as connection:
        tags = [one.tag for one in list_tags(connection, "stats")]
    assert tags == ["regression", "newest", "often"]


def test_an_unknown_site_is_told(engine: Engine) -> None:
    with reading(engine) as connection, pytest.raises(UnknownSite, match="nowhere"):
        list_tags(connection, "nowhere")


def test_a_blocked_tag_is_shown_no_more_until_it_is_unblocked(
    engine: Engine, clock: ManualClock
) -> None:
    pk = predict_rows(engine, {1: {"anova": 0.9, "r": 0.2}}, now=clock.now())[1]

    def shown() -> list[str]:
        with reading(engine) as connection:
            return [one.tag for one in view_question(connection, pk, "ann").suggestions]

    assert shown() == ["anova", "r"]
    for _ in range(2):
        with engine.begin() as connection:
            block_tag(connection, "stats", "anova", "ann", now=clock.now())
    assert shown() == ["r"]
    with engine.begin() as connection:
        unblock_tag(connection, "stats", "anova")
        assert not read_blocked_tags(connection, "stats")
    assert shown() == ["anova", "r"]
