"""Questions of two sites that were tagged, as the commands on results find them."""

import pytest
from sqlalchemy import Engine

from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import live_models, publish_live, question, store_questions
from worker.tagging import tag_batch

LINK = "https://stats.stackexchange.com/q/1"


@pytest.fixture
def tagged(engine: Engine, clock: ManualClock) -> Engine:
    """Three questions of two sites; the first was tagged by two versions."""
    models = live_models(engine)
    for site in ("stats", "cooking"):
        publish_live(engine, word_bundle(site), now=clock.now())
    first = store_questions(engine, question(1, "Regression", link=LINK), now=clock.now())
    tag_batch(engine, models, "stats", first.requested, clock)
    publish_live(engine, word_bundle(data_fingerprint="2"), now=clock.now())
    for number, title, site in (
        (1, "Regression with c++", "stats"),
        (2, "=cmd()", "stats"),
        (3, "Anova", "cooking"),
    ):
        clock.sleep(3600)
        stored = store_questions(
            engine, question(number, title, site=site, link=LINK), now=clock.now()
        )
        tag_batch(engine, models, site, stored.requested, clock)
    return engine
