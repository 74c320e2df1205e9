"""A service goes on from a backup in another database, of either kind, as if nothing had been."""

import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from core.database.backup.restoring import restore_backup
from core.database.backup.writing import save_backup
from core.database.engine import make_engine, reading
from core.database.tables import TaggingRequest
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.poller.simulation import SITE, simulation
from tests.rows import live_models, predictions, publish_live
from worker.tagging import tag_batch

RARELY: dict[str, Any] = {"poll_seconds": 3600, "changed_seconds": 14_400}


@pytest.mark.slow(8)
@pytest.mark.parametrize(("origin", "copy"), [("sqlite", "postgres"), ("postgres", "sqlite")])
def test_the_poller_and_a_worker_go_on_from_a_backup(
    request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path, origin: str, copy: str
) -> None:
    engines = [
        make_engine(request.getfixturevalue(f"migrated_{kind}_url")) for kind in (origin, copy)
    ]
    polled = simulation(engines[0], seed=1, questions=60, days=1, clock=clock, **RARELY)
    publish_live(engines[0], word_bundle(SITE), now=clock.now())
    polled.run(days=0.5)
    asked = tag_all(polled.engine, clock)
    assert asked > 10
    polled.run(days=0.1)
    save_backup(polled.engine, tmp_path / "backup.gz", now=clock.now())

    polled.run(days=0.2)  # what is lost with the old place, the poller fetches again
    backup = io.BytesIO((tmp_path / "backup.gz").read_bytes())
    restore_backup(engines[1], backup, "it", now=clock.now())
    polled.engine = engines[1]
    polled.run(days=0.3)
    tag_all(polled.engine, clock)

    found = predictions(polled.engine)
    assert polled.expected() <= {number for number, _ in found}
    assert len(found) == len(set(found)) == len(polled.stored())
    for engine in engines:
        engine.dispose()


def tag_all(engine: Engine, clock: ManualClock) -> int:
    with reading(engine) as connection:
        pks = list(connection.execute(select(TaggingRequest.question_pk)).scalars())
    return tag_batch(engine, live_models(engine), SITE, pks, clock).tagged
