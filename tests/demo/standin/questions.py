"""Questions as files give them, for tests of the stand-in."""

from typing import Any

from core.questions.store import FetchedQuestion


def fetched(number: int, **changes: Any) -> FetchedQuestion:
    """A question of the site stats."""
    fields: dict[str, Any] = {
        "site": "stats",
        "question_id": number,
        "title": f"Title {number}",
        "body": "<p>Body</p>",
        "author_tags": ("a", "b"),
        "link": "https://s.example/1",
    }
    return FetchedQuestion(**(fields | changes))
