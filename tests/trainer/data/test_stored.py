"""Which of the stored questions a training reads."""

from datetime import timedelta

from sqlalchemy import Engine

from core.model.tokenizer import TextSettings
from core.questions.selection import Selection
from tests.conftest import ManualClock
from tests.rows import question, store_questions
from trainer.data.corpus import read_corpus
from trainer.data.stored import stored_questions, survey


def ids(engine: Engine, selection: Selection, since: int | None = None) -> list[int]:
    with engine.connect() as connection:
        found = stored_questions(connection, selection, since=since)
        return [stored.question_id for stored in found]


def test_questions_whose_authors_may_still_edit_their_tags_are_left_out(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    old = question(1, created_at=now - timedelta(days=4))
    young = question(2, created_at=now - timedelta(days=2))
    store_questions(engine, old, young, question(3), now=now)
    settled = Selection("stats", settled_before=now - timedelta(days=3))
    assert ids(engine, settled) == [1, 3]  # the third has no date: it comes from a file
    assert ids(engine, Selection("stats")) == [1, 2, 3]


def test_of_too_many_questions_the_newest_are_read(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, *map(question, range(1, 21)), now=clock.now())
    assert ids(engine, Selection("stats", newest=5)) == [16, 17, 18, 19, 20]
    assert ids(engine, Selection("stats", newest=5), since=19) == [19, 20]
    assert ids(engine, Selection("stats", newest=50)) == list(range(1, 21))


def test_a_survey_knows_the_fingerprint_without_the_texts(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, *map(question, range(1, 8)), now=clock.now())
    selection = Selection("stats", newest=5)
    with engine.connect() as connection:
        found = survey(connection, selection, newer_than=6)
        corpus = read_corpus("stats", stored_questions(connection, selection), TextSettings())
    assert (found.questions, found.tagged, found.newer, found.newest_question_id) == (5, 5, 1, 7)
    assert found.fingerprint == corpus.fingerprint


def test_an_empty_site_is_surveyed_too(engine: Engine) -> None:
    with engine.connect() as connection:
        found = survey(connection, Selection("stats", newest=5))
    assert (found.questions, found.newest_question_id) == (0, None)
