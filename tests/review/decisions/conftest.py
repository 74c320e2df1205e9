import pytest
from sqlalchemy import Engine, update

from core.database.review_tables import QueuedQuestion
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


@pytest.fixture
def five(engine: Engine, clock: ManualClock) -> dict[int, int]:
    """Five questions with titles that are not alike, predicted in the order of their numbers."""
    titles = {1: "apples", 2: "pears", 3: "plums", 4: "figs and nuts", 5: "nuts"}
    authors = {1: ("r",), 2: ("anova",), 3: (), 4: ("r", "anova"), 5: ()}
    probabilities = {1: 0.9, 2: 0.6, 3: 0.4, 4: 0.95, 5: 0.1}
    keys: dict[int, int] = {}
    for number, p in probabilities.items():
        clock.sleep(60)
        given = {number: {"anova": p, "r": 0.01}}
        keys |= predict_rows(engine, given, now=clock.now(), titles=titles, authors=authors)
    with engine.begin() as connection:
        for number, pk in keys.items():
            values = {"uncertainty": number / 10, "label_quality": ((number * 2) % 5) / 5}
            connection.execute(
                update(QueuedQuestion).where(QueuedQuestion.question_pk == pk).values(values)
            )
    return keys
