from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from core.questions.lifecycle import (
    MAX_ATTEMPTS,
    PendingQuestion,
    batches,
    claim,
    clean_text,
    finish,
    park_exhausted,
    record_error,
    sweep,
)
from core.questions.requests import want
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live, question, row, store_questions
from worker.live_models import LiveModels
from worker.tagging import tag_batch

LEASE = timedelta(seconds=60)


def test_a_new_question_is_stored_and_wants_tagging(engine: Engine, clock: ManualClock) -> None:
    stored = store_questions(engine, question(7, owner="Ann", score=3), now=clock.now())
    assert (stored.new, stored.changed, len(stored.wanted)) == (1, 0, 1)
    found = row(engine, 7)
    assert (found.author_tags, found.owner, found.score) == (["regression"], "Ann", 3)
    assert found.wanted_at == found.enqueued_at == clock.now()


def test_storing_a_question_again_changes_nothing(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(7), now=clock.now())
    before = row(engine, 7).wanted_at
    clock.sleep(10)
    stored = store_questions(engine, question(7), now=clock.now())
    assert (stored.new, stored.changed, stored.unchanged, stored.wanted) == (0, 0, 1, ())
    assert row(engine, 7).wanted_at == before


def test_of_questions_with_one_key_the_last_counts(engine: Engine, clock: ManualClock) -> None:
    stored = store_questions(engine, question(7, "old"), question(7, "new"), now=clock.now())
    assert stored.new == 1
    assert row(engine, 7).title == "new"


def test_an_edited_question_wants_tagging_anew_and_is_no_longer_parked(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).wanted
    for _ in range(MAX_ATTEMPTS):
        with engine.begin() as connection:
            claim(connection, [pk], site="stats", now=clock.now())
            record_error(connection, pk, "bad text")
    with engine.begin() as connection:
        assert park_exhausted(connection, now=clock.now(), lease=LEASE) == [pk]
    clock.sleep(10)
    stored = store_questions(engine, question(7, "About anova"), now=clock.now())
    assert (stored.changed, stored.wanted) == (1, (pk,))
    found = row(engine, 7)
    assert (found.parked_at, found.attempts, found.error) == (None, 0, None)


def test_a_changed_score_asks_for_no_tagging(engine: Engine, clock: ManualClock) -> None:
    (pk,) = store_questions(engine, question(7, score=1), now=clock.now()).wanted
    with engine.begin() as connection:
        finish(connection, claim(connection, [pk], site="stats", now=clock.now()))
    publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(engine, question(7, score=9), now=clock.now(), wanted=False)
    assert stored.wanted == ()
    assert row(engine, 7).score == 9


def test_an_older_version_of_a_question_does_not_overwrite_a_newer(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    store_questions(engine, question(7, "new", last_activity_at=now), now=now)
    stale = question(7, "old", last_activity_at=now - timedelta(days=1))
    store_questions(engine, stale, now=now, wanted=False)
    store_questions(engine, question(7, "undated"), now=now, wanted=False)
    assert row(engine, 7).title == "new"


def test_the_training_corpus_wants_no_tagging_until_asked(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(7), now=clock.now(), wanted=False)
    assert row(engine, 7).wanted_at is None
    with engine.begin() as connection:
        assert want(connection, site="stats", now=clock.now()) == 1
    assert row(engine, 7).wanted_at == clock.now()


def test_whether_a_question_is_tagged_is_its_own_matter_and_no_others(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    tagged = store_questions(engine, question(1), now=clock.now())
    tag_batch(engine, LiveModels(engine), "stats", tagged.wanted, clock)
    store_questions(engine, question(2), now=clock.now(), wanted=False)
    clock.sleep(1)
    edited = store_questions(engine, question(2, "Edited"), now=clock.now(), wanted=False)
    assert edited.wanted == ()  # the corpus still asks for nothing
    clock.sleep(1)
    polled = store_questions(engine, question(2, "Edited"), now=clock.now())
    assert len(polled.wanted) == 1


def test_a_sweep_takes_a_question_once_a_lease(engine: Engine, clock: ManualClock) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    (pk,) = store_questions(engine, question(7), now=clock.now()).wanted
    taken = []
    for seconds in (30, 31, 1, 60):
        clock.sleep(seconds)
        with engine.begin() as connection:
            taken.append([q.pk for q in sweep(connection, now=clock.now(), lease=LEASE)])
    assert taken == [[], [pk], [], [pk]]


def test_a_sweep_leaves_sites_without_a_model_alone(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(7), now=clock.now())
    clock.sleep(3600)
    with engine.begin() as connection:
        assert sweep(connection, now=clock.now(), lease=LEASE) == []


def test_a_question_whose_text_changed_while_it_was_tagged_stays_pending(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).wanted
    with engine.begin() as connection:
        claimed = claim(connection, [pk], site="stats", now=clock.now())
    store_questions(engine, question(7, "edited"), now=clock.now())
    with engine.begin() as connection:
        assert finish(connection, claimed) == set()
    assert row(engine, 7).wanted_at is not None


def test_only_the_first_of_two_finishers_writes(engine: Engine, clock: ManualClock) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).wanted
    with engine.begin() as connection:
        claimed = claim(connection, [pk], site="stats", now=clock.now())
    with engine.begin() as connection:
        assert finish(connection, claimed) == {pk}
    with engine.begin() as connection:
        assert finish(connection, claimed) == set()


def test_neighbours_of_a_question_that_kills_are_not_counted_out_with_it(
    engine: Engine, clock: ManualClock
) -> None:
    pks = store_questions(engine, *map(question, range(100)), now=clock.now()).wanted
    for _ in range(MAX_ATTEMPTS):
        with engine.begin() as connection:
            claim(connection, pks, site="stats", now=clock.now())
    assert row(engine, 5).attempts == 1


def test_a_lease_from_a_clock_that_was_ahead_holds_nothing_up(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    (pk,) = store_questions(engine, question(7), now=clock.now() + timedelta(days=365)).wanted
    with engine.begin() as connection:
        assert [q.pk for q in sweep(connection, now=clock.now(), lease=LEASE)] == [pk]


def test_a_question_that_kills_its_process_is_parked_after_the_third_attempt(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).wanted
    for _ in range(MAX_ATTEMPTS + 1):
        with engine.begin() as connection:
            claim(connection, [pk], site="stats", now=clock.now())
    with engine.begin() as connection:
        assert park_exhausted(connection, now=clock.now(), lease=LEASE) == []
    clock.sleep(61)
    with engine.begin() as connection:
        assert park_exhausted(connection, now=clock.now(), lease=LEASE) == [pk]
    found = row(engine, 7)
    assert found.attempts == MAX_ATTEMPTS
    assert found.error == "the worker's process ended while at it"


@given(
    st.lists(st.tuples(st.sampled_from(["stats", "ai"]), st.integers(0, 5)), max_size=400),
)
def test_batches_hold_every_question_once_and_few_of_those_that_failed(
    marks: list[tuple[str, int]],
) -> None:
    pending = [PendingQuestion(pk, site, tries) for pk, (site, tries) in enumerate(marks)]
    found = list(batches(pending))
    assert sorted(pk for _, pks in found for pk in pks) == list(range(len(marks)))
    for site, pks in found:
        assert {marks[pk][0] for pk in pks} == {site}
        assert len(pks) <= {0: 100, 1: 10}.get(max(marks[pk][1] for pk in pks), 1)


@given(st.text() | st.text(alphabet=st.characters(categories=["Cs", "Cc", "Ll"])))
def test_cleaned_text_can_be_stored_anywhere(raw: str) -> None:
    cleaned = clean_text(raw)
    assert "\0" not in cleaned
    cleaned.encode("utf-8")
