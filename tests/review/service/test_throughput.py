from datetime import timedelta

from sqlalchemy import Engine

from core.database.engine import reading
from review.service.throughput import predictions_by_day
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_predictions_are_counted_by_day_in_utc(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # a session elsewhere counts the same days
            alter = f'ALTER DATABASE "{engine.url.database}" SET timezone'
            connection.exec_driver_sql(f"{alter} = 'Asia/Tokyo'")
    engine.dispose()
    clock.sleep(20 * 3600)
    predict_rows(engine, {1: {"r": 0.9}, 2: {"r": 0.9}}, now=clock.now())
    clock.sleep(86_400)
    predict_rows(engine, {3: {"r": 0.9}}, now=clock.now())
    with reading(engine) as connection:
        found = predictions_by_day(connection, "stats", now=clock.now(), days=3)
        other = predictions_by_day(connection, "cooking", now=clock.now(), days=3)
    today = clock.now().date()
    day = timedelta(days=1)
    assert found == {today - 2 * day: 0, today - day: 2, today: 1}
    assert set(other.values()) == {0}
