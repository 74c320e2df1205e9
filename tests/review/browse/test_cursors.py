from datetime import UTC, datetime

import pytest

from core.errors import WrongCursor
from review.browse.cursors import Place, place_of

AT = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("place", [Place(5), Place(5, AT)])
def test_a_cursor_gives_its_place_back(place: Place) -> None:
    assert place_of(place.to_cursor(), by_date=place.created_at is not None) == place


def test_no_cursor_is_the_beginning() -> None:
    assert place_of(None, by_date=False) is None
    assert place_of("", by_date=True) is None


@pytest.mark.parametrize(
    "cursor",
    ["x", "ä", "bnVsbA", "WzFd", "e30", Place(1 << 70).to_cursor(), "W251bGwsbnVsbF0", "=" * 9],
)
def test_what_is_no_cursor_is_refused_in_one_line(cursor: str) -> None:
    with pytest.raises(WrongCursor):
        place_of(cursor, by_date=False)


def test_a_cursor_of_the_other_order_is_refused() -> None:
    with pytest.raises(WrongCursor):
        place_of(Place(5).to_cursor(), by_date=True)
    with pytest.raises(WrongCursor):
        place_of(Place(5, AT).to_cursor(), by_date=False)
