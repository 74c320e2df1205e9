from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from core.database.tables import Question
from core.questions.lifecycle import (
    MAX_ATTEMPTS,
    claim,
    finish,
    park_exhausted,
    record_error,
)
from core.questions.requests import request_tagging
from core.questions.store import clean_text
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import (
    find_request,
    live_models,
    publish_live,
    question,
    request_of,
    row,
    store_questions,
)
from worker.tagging import tag_batch

LEASE = timedelta(seconds=60)


def test_a_new_question_is_stored_and_its_tagging_requested(
    engine: Engine, clock: ManualClock
) -> None:
    stored = store_questions(engine, question(7, owner="Ann", score=3), now=clock.now())
    assert (stored.new, stored.changed, len(stored.requested)) == (1, 0, 1)
    found = row(engine, 7)
    assert (found.author_tags, found.owner, found.score) == (["regression"], "Ann", 3)
    request = request_of(engine, 7)
    assert (request.requested_at, request.enqueued_at) == (clock.now(), None)


def test_storing_a_question_again_changes_nothing(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(7), now=clock.now())
    before = request_of(engine, 7).requested_at
    clock.sleep(10)
    stored = store_questions(engine, question(7), now=clock.now())
    assert (stored.new, stored.changed, stored.unchanged, stored.requested) == (0, 0, 1, ())
    assert request_of(engine, 7).requested_at == before


@pytest.mark.parametrize("days", [None, -1])
def test_known_ones_that_were_never_tagged_are_requested_also_by_an_older_or_undated_text(
    engine: Engine, clock: ManualClock, days: int | None
) -> None:
    now = clock.now()
    history = (
        question(1, last_activity_at=now),
        question(2, last_activity_at=now, state="deleted"),
    )
    store_questions(engine, *history, now=now, request_tagging=False)
    store_questions(engine, question(3, last_activity_at=now), now=now)  # is pending
    at = None if days is None else now + timedelta(days=days)
    older = [question(number, "Older", last_activity_at=at) for number in (1, 2, 3)]
    stored = store_questions(engine, *older, now=now)
    assert (stored.new, stored.changed, stored.unchanged) == (0, 0, 3)
    assert stored.requested == (row(engine, 1).id,)
    assert row(engine, 1).title == question(1).title
    assert store_questions(engine, *older, now=now).requested == ()


def test_of_questions_with_one_key_the_last_counts(engine: Engine, clock: ManualClock) -> None:
    stored = store_questions(engine, question(7, "old"), question(7, "new"), now=clock.now())
    assert stored.new == 1
    assert row(engine, 7).title == "new"


def test_an_edited_question_is_requested_anew_and_is_no_longer_parked(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    for _ in range(MAX_ATTEMPTS):
        with engine.begin() as connection:
            (claimed,) = claim(connection, [pk], site="stats", now=clock.now())
            record_error(connection, claimed, "bad text")
    with engine.begin() as connection:
        assert park_exhausted(connection, now=clock.now(), lease=LEASE) == [pk]
    clock.sleep(10)
    stored = store_questions(engine, question(7, "About anova"), now=clock.now())
    assert (stored.changed, stored.requested) == (1, (pk,))
    found = request_of(engine, 7)
    assert (found.parked_at, found.attempts, found.error) == (None, 0, None)


def test_a_changed_score_asks_for_no_tagging(engine: Engine, clock: ManualClock) -> None:
    (pk,) = store_questions(engine, question(7, score=1), now=clock.now()).requested
    with engine.begin() as connection:
        finish(connection, claim(connection, [pk], site="stats", now=clock.now()))
    publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(engine, question(7, score=9), now=clock.now(), request_tagging=False)
    assert stored.requested == ()
    assert row(engine, 7).score == 9


def test_an_older_version_of_a_question_does_not_overwrite_a_newer(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    store_questions(engine, question(7, "new", last_activity_at=now), now=now)
    stale = question(7, "old", last_activity_at=now - timedelta(days=1))
    store_questions(engine, stale, now=now, request_tagging=False)
    store_questions(engine, question(7, "undated"), now=now, request_tagging=False)
    assert row(engine, 7).title == "new"


@pytest.mark.parametrize("seconds", [60, 3 * 86_400])  # also when what was stored has passed
def test_an_activity_in_the_future_keeps_no_later_word_from_a_question(
    engine: Engine, clock: ManualClock, seconds: int
) -> None:
    now, far = clock.now(), clock.now() + timedelta(days=9999)
    wrong = question(7, "of a file", last_activity_at=far)
    store_questions(engine, wrong, question(8), now=now, request_tagging=False)
    assert row(engine, 7).last_activity_at == now + timedelta(days=1)
    with engine.begin() as connection:  # as earlier versions stored it
        eighth = update(Question).where(Question.question_id == 8)
        connection.execute(eighth.values(last_activity_at=far))
    clock.sleep(seconds)
    told = [question(number, "new", last_activity_at=now, state="closed") for number in (7, 8)]
    assert store_questions(engine, *told, now=clock.now()).changed == 2
    found = [row(engine, number) for number in (7, 8)]
    assert {(one.title, one.state, one.last_activity_at) for one in found} == {
        ("new", "closed", now)
    }


def test_an_undated_word_frees_a_question_from_its_activity_in_the_future(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    for title, at in [("wrong", now + timedelta(days=9999)), ("undated", None), ("new", now)]:
        told = question(7, title, last_activity_at=at)
        store_questions(engine, told, now=clock.now(), request_tagging=False)
        assert (row(engine, 7).title) == title
        clock.sleep(3 * 86_400)


def test_an_old_dump_undoes_no_fresh_edit_where_our_clock_is_behind_the_sites(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    edited = question(7, "edited", last_activity_at=now + timedelta(hours=1))
    store_questions(engine, edited, now=now)
    clock.sleep(60)
    old = question(7, "old", last_activity_at=now - timedelta(days=900))
    store_questions(engine, old, now=clock.now(), request_tagging=False)
    assert row(engine, 7).title == "edited"


def test_the_training_corpus_is_not_tagged_until_requested(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(7), now=clock.now(), request_tagging=False)
    assert find_request(engine, 7) is None
    with engine.begin() as connection:
        assert request_tagging(connection, site="stats", now=clock.now()) == 1
    assert request_of(engine, 7).requested_at == clock.now()


def test_whether_a_question_is_tagged_is_its_own_matter_and_no_others(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    tagged = store_questions(engine, question(1), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", tagged.requested, clock)
    store_questions(engine, question(2), now=clock.now(), request_tagging=False)
    clock.sleep(1)
    edited = store_questions(engine, question(2, "Edited"), now=clock.now(), request_tagging=False)
    assert edited.requested == ()  # the corpus still asks for nothing
    clock.sleep(1)
    polled = store_questions(engine, question(2, "Edited"), now=clock.now())
    assert len(polled.requested) == 1


@given(st.text() | st.text(alphabet=st.characters(categories=["Cs", "Cc", "Ll"])))
def test_cleaned_text_can_be_stored_anywhere(raw: str) -> None:
    cleaned = clean_text(raw)
    assert "\0" not in cleaned
    cleaned.encode("utf-8")
