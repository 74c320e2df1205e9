from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sqlalchemy import Engine, insert, select, update

from core.database.review_tables import Review, Verdict
from core.database.tables import Question, TaggingRequest
from core.model.predictions import NewPrediction, write_predictions
from core.model.predictor import Model, RankedTag
from core.questions.lifecycle import (
    MAX_ATTEMPTS,
    Priority,
    claim,
    finish,
    is_requested,
    list_parked,
    park_exhausted,
    record_error,
)
from core.questions.requests import request_tagging, retag
from core.settings import Retag
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import (
    live_models,
    predictions,
    publish_live,
    question,
    request_of,
    row,
    store_questions,
)
from worker.tagging import tag_batch

RECENT = timedelta(days=30)


def ask_again(engine: Engine, which: Retag, clock: ManualClock) -> int:
    with engine.begin() as connection:
        return retag(connection, "stats", which, now=clock.now(), recent=RECENT)


def requested(engine: Engine) -> set[int]:
    with engine.connect() as connection:
        found = select(Question.question_id).where(is_requested())
        return set(connection.execute(found).scalars())


@pytest.fixture
def tagged(engine: Engine, clock: ManualClock) -> None:
    """Six tagged questions, each of its own kind, and one that is there to learn from."""
    publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(
        engine,
        question(1, created_at=clock.now()),
        question(2, created_at=clock.now() - timedelta(days=31)),
        question(3, created_at=None),
        question(4, created_at=clock.now(), state="closed"),
        question(5, created_at=clock.now()),  # reviewed
        question(6, created_at=clock.now()),  # with a verdict
        now=clock.now(),
    )
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    said = {"reviewer": "Ann", "at": clock.now()}
    reviewed, judged = row(engine, 5).id, row(engine, 6).id
    with engine.begin() as connection:
        connection.execute(insert(Review).values(question_pk=reviewed, **said))
        verdict = {"question_pk": judged, "tag": "anova", "verdict": "rejected", **said}
        connection.execute(insert(Verdict).values(verdict | {"site": "stats"}))
    store_questions(
        engine, question(7, created_at=clock.now()), now=clock.now(), request_tagging=False
    )


@pytest.mark.usefixtures("tagged")
@pytest.mark.parametrize(
    ("which", "again"),
    [
        ("pending", {1, 2, 3}),
        ("recent", {1, 3, 4, 5, 6}),
        ("all", {1, 2, 3, 4, 5, 6}),
        ("none", set()),
    ],
)
def test_the_chosen_tagged_questions_are_requested_again_and_the_corpus_is_not(
    engine: Engine, clock: ManualClock, which: Retag, again: set[int]
) -> None:
    assert ask_again(engine, which, clock) == len(again)
    assert requested(engine) == again


def test_other_sites_are_left_alone(sqlite_engine: Engine, clock: ManualClock) -> None:
    publish_live(sqlite_engine, word_bundle("cooking"), now=clock.now())
    stored = store_questions(sqlite_engine, question(1, site="cooking"), now=clock.now())
    tag_batch(sqlite_engine, live_models(sqlite_engine), "cooking", stored.requested, clock)
    assert ask_again(sqlite_engine, "all", clock) == 0


def test_a_question_that_waits_keeps_its_place_and_a_parked_one_stays_parked(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    since = clock.now()
    _, pk = store_questions(sqlite_engine, question(1), question(2), now=since).requested
    with sqlite_engine.begin() as connection:
        parked = update(TaggingRequest).where(TaggingRequest.question_pk == pk)
        connection.execute(parked.values(parked_at=since, attempts=3))
    clock.sleep(60)
    assert ask_again(sqlite_engine, "all", clock) == 0
    assert (
        request_of(sqlite_engine, 1).requested_at
        == request_of(sqlite_engine, 2).requested_at
        == since
    )
    assert request_of(sqlite_engine, 2).parked_at == since


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer
def test_a_question_that_is_parked_while_a_retag_waits_for_it_keeps_its_reason(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(1), now=clock.now()).requested
    for _ in range(MAX_ATTEMPTS):
        with engine.begin() as connection:
            (claimed,) = claim(connection, [pk], site="stats", now=clock.now())
            record_error(connection, claimed, "no words")
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            park_exhausted(connection, now=clock.now(), lease=RECENT)
            asked = pool.submit(ask_again, engine, "all", clock)
            with pytest.raises(TimeoutError):
                asked.result(timeout=0.5)
        assert asked.result(timeout=30) == 0
    with engine.connect() as connection:
        assert [(one.attempts, one.error) for one in list_parked(connection)] == [
            (MAX_ATTEMPTS, "no words")
        ]


def test_a_retag_makes_no_request_of_the_live_feed_later(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(1), now=clock.now()).requested
    with engine.begin() as connection:
        claim(connection, [pk], site="stats", now=clock.now())
    assert ask_again(engine, "all", clock) == 1
    assert request_of(engine, 1).priority == Priority.LIVE


def by_retag(engine: Engine, clock: ManualClock) -> int:
    return ask_again(engine, "pending", clock)


def by_request(engine: Engine, clock: ManualClock) -> int:
    with engine.begin() as connection:
        return request_tagging(connection, site="stats", now=clock.now())


@pytest.mark.parametrize("ask", [by_retag, by_request])
def test_a_request_made_while_a_batch_is_under_way_outlives_the_batch(
    engine: Engine, clock: ManualClock, ask: Callable[[Engine, ManualClock], int]
) -> None:
    (pk,) = store_questions(engine, question(1), now=clock.now()).requested
    with engine.begin() as connection:
        claimed = claim(connection, [pk], site="stats", now=clock.now())
    clock.sleep(1)
    assert ask(engine, clock) == 1
    with engine.begin() as connection:
        assert finish(connection, claimed) == set()
    found = request_of(engine, 1)
    assert (found.requested_at, found.attempts, found.enqueued_at) == (clock.now(), 0, None)
    with engine.begin() as connection:  # and the batch that takes the new request ends it
        again = claim(connection, [pk], site="stats", now=clock.now())
        assert finish(connection, again) == {pk}


def test_a_question_that_was_under_way_at_a_promotion_is_tagged_by_the_new_version(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(engine, question(1), now=clock.now())
    models = live_models(engine)

    def rank_while_another_is_promoted(
        model: Model, probabilities: npt.NDArray[np.float64], **given: Any
    ) -> list[list[RankedTag]]:
        clock.sleep(1)
        publish_live(engine, word_bundle(data_fingerprint="2"), now=clock.now())
        assert ask_again(engine, "pending", clock) == 1
        return rank(model, probabilities, **given)

    rank = Model.rank
    with monkeypatch.context() as patch:
        patch.setattr(Model, "rank", rank_while_another_is_promoted)
        assert tag_batch(engine, models, "stats", stored.requested, clock).tagged == 0
    assert tag_batch(engine, models, "stats", stored.requested, clock).tagged == 1
    assert predictions(engine) == [(1, 2)]


def test_a_batch_that_is_being_written_at_a_promotion_is_asked_for_again(
    engine: Engine, clock: ManualClock
) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    (pk,) = store_questions(engine, question(1), now=clock.now()).requested
    with engine.begin() as connection:
        (claimed,) = claim(connection, [pk], site="stats", now=clock.now())
    clock.sleep(1)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            finish(connection, [claimed])
            tags = [RankedTag("anova", 0.9, suggested=True)]
            tagged = [NewPrediction(claimed.pk, claimed.content_hash, tags)]
            write_predictions(connection, tagged, version=version, now=clock.now())
            asked = pool.submit(ask_again, engine, "pending", clock)
            with pytest.raises(TimeoutError):
                asked.result(timeout=0.5)
        assert asked.result(timeout=30) == 1
    assert requested(engine) == {1}
