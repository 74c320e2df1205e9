from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from core.questions.lifecycle import (
    MAX_ATTEMPTS,
    PendingQuestion,
    batches,
    claim,
    finish,
    park_exhausted,
    sweep,
)
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import find_request, publish_live, question, request_of, store_questions

LEASE = timedelta(seconds=60)


def test_a_sweep_takes_a_question_once_a_lease(engine: Engine, clock: ManualClock) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
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
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    with engine.begin() as connection:
        claimed = claim(connection, [pk], site="stats", now=clock.now())
    store_questions(engine, question(7, "edited"), now=clock.now())
    with engine.begin() as connection:
        assert finish(connection, claimed) == set()
    assert find_request(engine, 7) is not None


def test_only_the_first_of_two_finishers_writes(engine: Engine, clock: ManualClock) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    with engine.begin() as connection:
        claimed = claim(connection, [pk], site="stats", now=clock.now())
    with engine.begin() as connection:
        assert finish(connection, claimed) == {pk}
    with engine.begin() as connection:
        assert finish(connection, claimed) == set()


def test_neighbours_of_a_question_that_kills_are_not_counted_out_with_it(
    engine: Engine, clock: ManualClock
) -> None:
    pks = store_questions(engine, *map(question, range(100)), now=clock.now()).requested
    for _ in range(MAX_ATTEMPTS):
        with engine.begin() as connection:
            claim(connection, pks, site="stats", now=clock.now())
    assert request_of(engine, 5).attempts == 1


def test_a_lease_from_a_clock_that_was_ahead_holds_nothing_up(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    (pk,) = store_questions(engine, question(7), now=clock.now() + timedelta(days=365)).requested
    with engine.begin() as connection:
        assert [q.pk for q in sweep(connection, now=clock.now(), lease=LEASE)] == [pk]


def test_a_question_that_kills_its_process_is_parked_after_the_third_attempt(
    engine: Engine, clock: ManualClock
) -> None:
    (pk,) = store_questions(engine, question(7), now=clock.now()).requested
    for _ in range(MAX_ATTEMPTS + 1):
        with engine.begin() as connection:
            claim(connection, [pk], site="stats", now=clock.now())
    with engine.begin() as connection:
        assert park_exhausted(connection, now=clock.now(), lease=LEASE) == []
    clock.sleep(61)
    with engine.begin() as connection:
        assert park_exhausted(connection, now=clock.now(), lease=LEASE) == [pk]
    found = request_of(engine, 7)
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
