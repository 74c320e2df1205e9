"""A result as it is written."""

from datetime import UTC, datetime

from review.results.cursor import START
from review.results.find import Result, ResultTag

TAGS = (ResultTag("c++", 0.9, suggested=True, verdict="accepted"), ResultTag("r", 0.1, False))


def result(number: int, title: str = "A title", **changes: object) -> Result:
    values: dict[str, object] = {
        "site": "stats",
        "question_id": number,
        "title": title,
        "link": f"https://stats.stackexchange.com/q/{number}",
        "author_tags": ("c++", "anova"),
        "model_version": 2,
        "predicted_at": datetime(2026, 1, 1, tzinfo=UTC),
        "tags": TAGS,
        "place": START,
    }
    return Result(**(values | changes))  # type: ignore[arg-type]
