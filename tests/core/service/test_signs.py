from datetime import timedelta

from sqlalchemy import Engine, insert

from core.database.tables import LastSign
from core.service.signs import last_signs
from tests.conftest import ManualClock


def test_the_newest_sign_comes_first(engine: Engine, clock: ManualClock) -> None:
    told = {"tagging@a": 40, "scheduler@a": 5, "training@b": 4_000}
    with engine.begin() as connection:
        for name, ago in told.items():
            sign = {"name": name, "at": clock.now() - timedelta(seconds=ago)}
            connection.execute(insert(LastSign).values(sign))
        found = last_signs(connection)
    assert list(found) == ["scheduler@a", "tagging@a", "training@b"]
    assert found["scheduler@a"] == clock.now() - timedelta(seconds=5)
