from sqlalchemy import Engine, select

from core.database.arrays import first_of, is_among_first
from core.database.tables import Prediction
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_the_first_number_of_an_array_and_its_first_texts(
    engine: Engine, clock: ManualClock
) -> None:
    shares = {1: {"anova": 0.9, "r": 0.6, "it's": 0.1}, 2: {"r": 0.2}, 3: {}}
    predict_rows(engine, shares, now=clock.now())
    told = select(
        Prediction.suggested_count,
        first_of(Prediction.probabilities),
        *(
            is_among_first(tag, Prediction.tags, Prediction.suggested_count)
            for tag in ("r", "it's")
        ),
    ).order_by(Prediction.question_pk)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(told)]
    assert rows == [(2, 0.9, True, False), (0, 0.2, False, False), (0, None, False, False)]
