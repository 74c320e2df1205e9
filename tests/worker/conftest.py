"""What several tests of the worker arrange."""

import pytest
from sqlalchemy import Engine

from core.clock import SystemClock
from tests.rows import question, store_questions

QUESTIONS = 2000


@pytest.fixture
def trainable(sqlite_engine: Engine) -> Engine:
    """A site whose training takes longer than a test needs to stop it."""
    many = [
        question(number, f"About tag{number % 7} and {number}", author_tags=(f"tag{number % 7}",))
        for number in range(QUESTIONS)
    ]
    store_questions(sqlite_engine, *many, now=SystemClock().now(), request_tagging=False)
    return sqlite_engine
