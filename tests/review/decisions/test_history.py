import uuid

from sqlalchemy import Engine

from core.database.engine import reading
from review.decisions.history import list_history
from review.decisions.save import Asked, Decision, save, skip
from review.decisions.undo import undo_newest
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_own_actions_come_newest_first_in_pages(engine: Engine, clock: ManualClock) -> None:
    titles = {1: "How?" + "!" * 500}
    predict_rows(engine, {1: {}, 2: {}, 3: {}}, now=clock.now(), titles=titles)
    with engine.begin() as connection:
        save(
            connection,
            Asked("ann", "1", "stats", 1, clock.now()),
            Decision(verdicts={"r": "added"}),
        )
        skip(connection, Asked("ann", "2", "stats", 2, clock.now()))
        skip(connection, Asked("bob", "1", "stats", 3, clock.now()))
        skip(connection, Asked("ann", uuid.uuid4().hex, "stats", 3, clock.now()))
        undo_newest(connection, "ann", now=clock.now())
    with reading(engine) as connection:
        first = list_history(connection, "ann", limit=2)
        second = list_history(connection, "ann", cursor=first.cursor, limit=2)
    assert [(one.kind, one.undone_at is None) for one in first.actions] == [
        ("skip", False),
        ("skip", True),
    ]
    (saved,) = second.actions
    assert second.cursor is None
    assert saved.summary["verdicts"] == {"r": "added"}
    assert len(saved.summary["title"]) == 200
