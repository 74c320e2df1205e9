"""What a reading of the feeds has brought, as a person reads it."""

import pytest

from poller.commands.found import Found
from poller.feeds import Step


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([("live", Step())], "stats: nothing new."),
        ([("live", Step(new=1, items=frozenset("a")))], "stats: 1 new question."),
        (
            [("live", Step(new=1200, items=frozenset("ab"))), ("changed", Step(new=1, changed=2))],
            "stats: 1,201 new questions, 2 edited.",
        ),
        (
            [("live", Step(items=frozenset("ab"))), ("changed", Step(items=frozenset("bc")))],
            "stats: nothing new; 3 that the API gave are stored already.",
        ),
        (
            [("changed", Step(changed=1, items=frozenset("a")))],
            "stats: nothing new, 1 edited; 1 that the API gave are stored already.",
        ),
    ],
)
def test_a_site_has_a_line(steps: list[tuple[str, Step]], told: str) -> None:
    found = Found()
    for feed, step in steps:
        found("stats", feed, step)  # type: ignore[arg-type]
    assert list(found.lines()) == [told]


def test_a_site_that_gave_no_questions_has_none() -> None:
    found = Found()
    found("stats", "synonyms", Step(items=frozenset("a")))
    assert list(found.lines()) == []
