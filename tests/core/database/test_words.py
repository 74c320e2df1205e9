import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.tables import Question
from core.database.words import holds_word
from tests.conftest import ManualClock
from tests.rows import question, store_questions

TITLES = {1: "L'ÉCOLE d'été", 2: "The Ecole", 3: "ЧТО это 100%", 4: "ÄÖÜ_x"}


def find(connection: Connection, word: str) -> list[int]:
    found = select(Question.question_id).where(holds_word(Question.title, word))
    return sorted(connection.scalars(found))


@pytest.mark.parametrize(
    ("word", "numbers"),
    [
        ("école", [1]),
        ("ÉCOLE", [1]),
        ("ecole", [2]),
        ("что", [3]),
        ("это", [3]),
        ("0%", [3]),
        ("äöü_X", [4]),
        ("ä_", []),
        ("é%t", []),
    ],
)
def test_words_are_found_in_whatever_case(
    engine: Engine, clock: ManualClock, word: str, numbers: list[int]
) -> None:
    store_questions(
        engine, *(question(number, title) for number, title in TITLES.items()), now=clock.now()
    )
    with reading(engine) as connection:
        assert find(connection, "ä") == [4]  # whose statement is compiled once for all words
        assert find(connection, word) == numbers


def test_a_text_in_another_encoding_keeps_no_word_from_being_found(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    store_questions(sqlite_engine, question(1), question(2, "é"), now=clock.now())
    with sqlite_engine.begin() as connection:
        other = text("UPDATE questions SET title = CAST(x'e9e9' AS TEXT) WHERE question_id = 1")
        connection.execute(other)
        assert find(connection, "É") == [2]
