from sqlalchemy import Engine, insert, select

from core.database.engine import reading
from core.database.review_tables import BlockedTag
from core.database.tables import Question
from core.database.views import PredictedTag
from core.questions.suggested import is_suggested, read_blocked_tags
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_a_blocked_tag_is_not_suggested_at_its_site(engine: Engine, clock: ManualClock) -> None:
    for site in ("stats", "cooking"):
        predict_rows(engine, {1: {"r": 0.9, "soup": 0.8, "tea": 0.1}}, now=clock.now(), site=site)
    with engine.begin() as connection:
        blocked = {"site": "stats", "tag": "soup", "reviewer": "ann", "at": clock.now()}
        connection.execute(insert(BlockedTag).values(blocked))
    suggested = (
        select(Question.site, PredictedTag.tag)
        .join(PredictedTag, PredictedTag.question_pk == Question.id)
        .where(is_suggested())
    )
    with reading(engine) as connection:
        found = {tuple(row) for row in connection.execute(suggested)}
        assert found == {("stats", "r"), ("cooking", "r"), ("cooking", "soup")}
        assert read_blocked_tags(connection, "stats") == {"soup"}
