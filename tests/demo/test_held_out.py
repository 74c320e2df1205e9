"""The demo shows agreement and drift from its first minute on."""

from datetime import timedelta

from sqlalchemy import Engine, select

from core.database.tables import TaggingRequest
from core.questions.store import FetchedQuestion
from demo.held_out import count_agreement, request_held_out, tell_agreement
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import live_models, publish_live, question, store_questions
from worker.tagging import tag_batch

LEARNED, HELD_OUT, NEW = 10, 60, 5


def asked(number: int, clock: ManualClock) -> FetchedQuestion:
    """One of the site's past, an hour after the one before; or a new one, of another tag."""
    tag = LABELS[number % len(LABELS)]
    if number >= LEARNED + HELD_OUT:
        return question(number + 1, f"On {tag}", created_at=clock.now(), author_tags=("other",))
    past = clock.now() - timedelta(days=400, hours=-number)
    return question(number + 1, f"On {tag}", created_at=past, author_tags=(tag,))


def tag_pending(engine: Engine, clock: ManualClock) -> None:
    with engine.connect() as connection:
        pks = list(connection.execute(select(TaggingRequest.question_pk)).scalars())
    tag_batch(engine, live_models(engine), "stats", pks, clock)


def test_what_the_training_held_out_is_tagged_and_counted_and_what_is_new_is_not(
    engine: Engine, clock: ManualClock
) -> None:
    past = [asked(number, clock) for number in range(LEARNED + HELD_OUT)]
    store_questions(engine, *past, now=clock.now(), request_tagging=False)
    until = past[LEARNED - 1].created_at
    publish_live(engine, word_bundle(learned_until=until), now=clock.now())
    early = asked(LEARNED + HELD_OUT + NEW, clock)  # while a slow machine trained
    store_questions(engine, early, now=clock.now())
    assert request_held_out(engine, "stats", clock) == HELD_OUT
    new = [asked(LEARNED + HELD_OUT + number, clock) for number in range(NEW)]
    store_questions(engine, *new, now=clock.now())
    tag_pending(engine, clock)
    found = count_agreement(engine, "stats", clock)
    assert (found.questions, found.precision_at_1) == (HELD_OUT, 1)
    told = tell_agreement(engine, "stats", found)
    assert told.startswith("On 60 questions whose tags have settled")
    assert told.endswith("precision@1 1.00, recall@5 1.00 (all tags). No drift.")


def test_a_model_of_which_nothing_is_known_asks_for_nothing(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    store_questions(sqlite_engine, asked(0, clock), now=clock.now(), request_tagging=False)
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    assert request_held_out(sqlite_engine, "stats", clock) == 0
