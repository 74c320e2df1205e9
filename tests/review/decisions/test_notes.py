from collections.abc import Callable

import pytest
from sqlalchemy import Engine, delete
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.review_tables import QueuedQuestion
from core.errors import ReviewConflict
from review.decisions.notes import add_note, ask_second_opinion, take_back_second_opinion
from review.decisions.question_view import view_question
from review.decisions.save import Asked, Decision, save
from tests.conftest import ManualClock
from tests.review.rows import all_rows, predict_rows


def test_others_notes_are_seen_once_the_own_decision_is_saved(
    engine: Engine, clock: ManualClock
) -> None:
    pk = predict_rows(engine, {1: {}}, now=clock.now())[1]
    for reviewer, text in (("ann", "a duplicate?"), ("ann", "a duplicate?"), ("bob", "yes")):
        with engine.begin() as connection:
            add_note(connection, pk, reviewer, text, now=clock.now())

    def read(reviewer: str) -> list[tuple[str, str]]:
        with reading(engine) as connection:
            notes = view_question(connection, pk, reviewer).notes
        return [(note.reviewer, note.text) for note in notes]

    assert (read("eve"), read("ann")) == ([], [("ann", "a duplicate?")])
    with engine.begin() as connection:
        asked = Asked("eve", "1", "stats", 1, clock.now())
        save(connection, asked, Decision(verdicts={}))
    assert read("eve") == [("ann", "a duplicate?"), ("bob", "yes")]


def test_a_second_opinion_wants_one_more_whenever_it_is_asked_for(
    engine: Engine, clock: ManualClock
) -> None:
    pk = predict_rows(engine, {1: {}}, now=clock.now())[1]

    def want(reviewer: str) -> int:
        with engine.begin() as connection:
            return ask_second_opinion(connection, pk, reviewer).wanted_reviews

    assert [want("ann"), want("ann")] == [2, 2]  # her own and another one's
    with engine.begin() as connection:
        save(connection, Asked("ann", "1", "stats", 1, clock.now()), Decision(verdicts={}))
    assert want("ann") == 2
    assert want("bob") == 3


def test_a_second_opinion_is_taken_back_before_it_is_given(
    engine: Engine, clock: ManualClock
) -> None:
    pk = predict_rows(engine, {1: {}}, now=clock.now())[1]
    start = all_rows(engine)

    def act(what: Callable[[Connection, int, str], object], reviewer: str) -> None:
        with engine.begin() as connection:
            what(connection, pk, reviewer)

    act(ask_second_opinion, "ann")
    act(take_back_second_opinion, "ann")
    assert all_rows(engine) == start
    act(ask_second_opinion, "ann")
    with engine.begin() as connection:
        save(connection, Asked("ann", "1", "stats", 1, clock.now()), Decision(verdicts={}))
    asked = all_rows(engine)
    act(ask_second_opinion, "bob")
    act(take_back_second_opinion, "bob")
    assert all_rows(engine) == asked  # ann's stays
    with engine.begin() as connection:
        save(connection, Asked("bob", "1", "stats", 1, clock.now()), Decision(verdicts={}))
    with pytest.raises(ReviewConflict, match="given it meanwhile"):
        act(take_back_second_opinion, "ann")


def test_of_a_question_in_no_queue_no_second_opinion_comes(
    engine: Engine, clock: ManualClock
) -> None:
    pk = predict_rows(engine, {1: {}}, now=clock.now())[1]
    with engine.begin() as connection:
        connection.execute(delete(QueuedQuestion))
    with pytest.raises(ReviewConflict, match="not been tagged"), engine.begin() as connection:
        ask_second_opinion(connection, pk, "ann")
