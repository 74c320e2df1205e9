from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from core.agreement.scores import Agreement, agreement_of, measure_agreement
from core.questions.tags.synonyms import store_synonyms
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import live_models, publish_live, question, store_questions
from worker.tagging import tag_batch


def test_agreement_compares_predictions_with_the_authors_tags(
    engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(
        engine,
        question(1, "Regression", author_tags=("regression", "unheard-of")),
        question(2, "Anova", author_tags=("bayesian",)),
        question(3, "Nothing known", author_tags=("c++",)),
        question(4, "Without tags", author_tags=()),
        now=clock.now(),
    )
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    with engine.connect() as connection:
        found = measure_agreement(connection, "stats", version.id)
    assert found.questions == 3
    assert found.precision_at_1 == pytest.approx(1 / 3)  # question 1 alone
    # Of six equally improbable tags the five first by the alphabet count as the most probable.
    assert found.recall_at_5 == pytest.approx((0.5 + 1 + 1) / 3)
    assert found.share_without_suggestion == pytest.approx(1 / 3)


def test_without_predictions_there_is_nothing_to_compare(
    engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    with engine.connect() as connection:
        assert measure_agreement(connection, "stats", version.id).questions == 0


def test_a_renamed_tag_is_the_one_that_it_stands_for() -> None:
    tags = ("lm", "regression", *"abcde")
    predicted = [SimpleNamespace(tag=tag, suggested=True) for tag in tags]
    synonyms = {"lm": "regression", "least-squares": "regression"}
    found = agreement_of(["least-squares", "d"], predicted, synonyms)
    assert found == Agreement(questions=1, first_hits=1, recall_at_5_sum=1.0)


def test_agreement_knows_the_sites_synonyms(sqlite_engine: Engine, clock: ManualClock) -> None:
    version = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    asked = question(1, "Regression", author_tags=("lm",))
    stored = store_questions(sqlite_engine, asked, now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "stats", stored.requested, clock)
    with sqlite_engine.begin() as connection:
        store_synonyms(connection, "stats", {"lm": "regression"}, now=clock.now())
        assert measure_agreement(connection, "stats", version.id).first_hits == 1
