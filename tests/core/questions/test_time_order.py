"""What of a site's questions a run or a model has seen, whatever their numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from core.database.tables import Question
from core.questions.time_order import Seen, is_made_up, is_real, not_before, stretches
from tests.conftest import ManualClock
from tests.rows import question, row, store_questions

THEN = datetime(2026, 1, 1, tzinfo=UTC)
LATER = THEN + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("seen", "row", "created_at", "number", "included"),
    [
        (Seen(THEN, 10), 10, THEN, 10**12, True),
        (Seen(THEN, 10), 9, None, 10**12, True),
        (Seen(THEN, 10), 9, LATER, 1, False),  # had not settled
        (Seen(THEN, 10), 11, THEN - timedelta(days=999), 1, False),  # was not stored
        (Seen(THEN, 10), 11, None, 1, False),
        (Seen(None, 10), 10, None, 1, True),
        (Seen(None, 10), 10, THEN, 1, True),  # the API has told its date since
        (Seen(None, 10), 11, THEN, 1, False),
        (Seen(THEN), 99, THEN, 1, True),  # a model from another database
        (Seen(THEN), 99, LATER, 1, False),
        (Seen(THEN), 1, None, 1, False),
        (Seen(number=7), 99, LATER, 7, True),
        (Seen(number=7), 1, THEN, 8, False),
        (Seen(THEN, 10, number=7), 10, THEN, 8, True),
        (Seen(number=1_000_000_001), 1, THEN, 1, False),
        (Seen(), 1, THEN, 1, False),
    ],
)
def test_what_was_seen_is_told_by_row_and_date(
    seen: Seen, row: int, created_at: datetime | None, number: int, included: bool
) -> None:
    assert seen.includes(row=row, created_at=created_at, number=number) == included


@pytest.mark.parametrize("number", [1_000_000_001, 1_000_000_010])
def test_the_dumps_made_up_posts_are_known_by_their_numbers(number: int) -> None:
    assert is_made_up(number)
    assert not is_made_up(number - 100)


def test_what_has_no_date_comes_first_and_rows_break_ties(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    for number, created in ((9, now), (8, None), (1_000_000_001, None), (7, now), (6, None)):
        store_questions(engine, question(number, created_at=created), now=now)
    pks = {number: row(engine, number).id for number in (7, 6)}
    numbers = select(Question.question_id).where(is_real())
    with engine.connect() as connection:
        found = [
            list(connection.scalars(numbers.where(stretch).order_by(*order)))
            for stretch, order in stretches()
        ]
        behind = {
            number: set(connection.scalars(numbers.where(not_before(at, pks[number]))))
            for number, at in ((7, now), (6, None))
        }
    assert found == [[8, 6], [9, 7]]
    assert behind == {7: {7}, 6: {6, 9, 7}}
