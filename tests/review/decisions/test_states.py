import json
from datetime import UTC, datetime

import pytest

from review.decisions.states import OwnReview, OwnVerdict, State

AT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.mark.parametrize(
    "state",
    [
        State(),
        State({"c++": OwnVerdict("added", settles=True, at=AT)}, OwnReview("skipped", AT)),
        State({}, OwnReview("saved", AT, 7, blind=True, first_choice=())),
        State({}, OwnReview("saved", AT, None, blind=True, first_choice=("a", "b"))),
    ],
)
def test_a_state_comes_back_from_json(state: State) -> None:
    assert State.from_json(json.loads(json.dumps(state.to_json()))) == state
