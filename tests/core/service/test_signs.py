from datetime import timedelta

from sqlalchemy import Engine

from core.database.engine import reading
from core.service.signs import last_signs
from tests.conftest import ManualClock
from tests.rows import give_signs


def test_the_newest_sign_comes_first(engine: Engine, clock: ManualClock) -> None:
    told = {"tagging@a": 40, "scheduler@a": 5, "training@b": 4_000}
    give_signs(engine, told, now=clock.now())
    with reading(engine) as connection:
        found = last_signs(connection)
    assert list(found) == ["scheduler@a", "tagging@a", "training@b"]
    assert found["scheduler@a"] == clock.now() - timedelta(seconds=5)
