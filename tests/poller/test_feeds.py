"""Where the next request of a pass begins."""

from poller.feeds import Cursor


def test_pages_of_one_second_overlap() -> None:
    cursor, read_up_to = Cursor(5), 0
    for _ in range(24):
        begin = cursor.page_size * (cursor.page - 1)
        assert begin <= max(0, read_up_to - 4)
        read_up_to = begin + cursor.page_size
        cursor = cursor.after(5, cursor.page_size, onward=1)
    assert read_up_to > 1700
    assert cursor.after(5, 90, onward=1) == Cursor(6)


def test_a_pass_is_not_held_up_by_dates_that_cannot_be_read() -> None:
    assert Cursor(5).after(None, 100, onward=1) == Cursor(5, 100, 2)
    assert Cursor(5).after(9, 100, onward=1) == Cursor(9)
    assert Cursor(5).after(3, 100, onward=-1) == Cursor(3)
