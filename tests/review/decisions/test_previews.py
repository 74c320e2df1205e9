from sqlalchemy import Engine, event, insert

from core.database.engine import reading
from core.database.review_tables import BlockedTag
from review.decisions.previews import QuestionPreview, read_previews
from review.decisions.question_view import Suggestion
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_previews_come_in_the_order_of_the_keys_without_blocked_tags(
    engine: Engine, clock: ManualClock
) -> None:
    keys = predict_rows(
        engine, {1: {"anova": 0.9, "r": 0.7}, 2: {"r": 0.2}, 3: {}}, now=clock.now()
    )
    with engine.begin() as connection:
        connection.execute(
            insert(BlockedTag).values(site="stats", tag="anova", reviewer="ann", at=clock.now())
        )
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with reading(engine) as connection:
        found = read_previews(connection, [keys[2], keys[1], keys[3]])
    assert [one.question_id for one in found] == [2, 1, 3]
    assert found[1] == QuestionPreview(
        1,
        "Question 1",
        "https://stats.example/q/1",
        ["regression"],
        [Suggestion("r", 0.7, suggested=True)],
    )
    assert sum("SELECT" in one for one in statements) == 2
