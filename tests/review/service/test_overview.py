from sqlalchemy import Engine

from core.database.engine import reading
from core.settings import Settings
from review.service.overview import read_overview
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_a_site_and_all_of_them_are_told(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {1: {"r": 0.9}}, now=clock.now())
    settings = Settings(sites=("stats", "cooking"))
    with reading(engine) as connection:
        overview = read_overview(connection, "stats", settings, now=clock.now())
    state = overview.of_site("stats")
    assert state is not None
    assert (state.questions, state.tagged) == (1, 1)
    assert [site.site for site in overview.sites] == ["cooking", "stats"]
    assert overview.of_site("none-such") is None
    assert sum(overview.days.values()) == 1
