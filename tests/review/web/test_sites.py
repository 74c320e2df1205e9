from sqlalchemy import Engine, event

from core.settings import Settings
from review.web.sites import list_sites
from tests.conftest import ManualClock
from tests.rows import question, store_questions


def test_sites_are_found_without_a_look_at_a_table_that_has_no_index_of_them(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(1, site="crypto"), question(2, site="ai"), now=clock.now())
    sent: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        found = list_sites(connection, Settings(sites=("stats",)))
    event.remove(engine, "before_cursor_execute", note)
    assert found == ["ai", "crypto", "stats"]
    assert not [one for one in sent if "review_queue" in one]
