from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from core.errors import ReviewConflict, UnknownFilter
from review.decisions import saved_filters
from review.decisions.filters import QueueFilter
from review.decisions.saved_filters import (
    NamedFilter,
    delete_filter,
    get_filter,
    list_filters,
    save_filter,
)
from tests.conftest import ManualClock

SINCE = datetime(2026, 1, 2, tzinfo=UTC)
NAMED = NamedFilter(
    "mine", QueueFilter(site="stats", min_probability=0.5, since=SINCE), order="disputed"
)


def test_a_filter_is_kept_replaced_and_deleted_by_its_name(
    engine: Engine, clock: ManualClock
) -> None:
    with engine.begin() as connection:
        save_filter(connection, "ann", NAMED, now=clock.now())
        assert get_filter(connection, "ann", "mine") == NAMED
        other = NamedFilter("mine", QueueFilter(q="how"))
        save_filter(connection, "ann", other, now=clock.now())
        assert list_filters(connection, "ann") == [other]
        assert list_filters(connection, "bob") == []
        delete_filter(connection, "ann", "mine")
        for action in (get_filter, delete_filter):
            with pytest.raises(UnknownFilter, match="no filter mine"):
                action(connection, "ann", "mine")


def test_there_are_not_too_many(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_filters, "MOST", 1)
    with engine.begin() as connection:
        save_filter(connection, "ann", NAMED, now=clock.now())
        with pytest.raises(ReviewConflict, match="may be 1"):
            save_filter(connection, "ann", NamedFilter("more", QueueFilter()), now=clock.now())
