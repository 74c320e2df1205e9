from tools import room_picture


def test_the_picture_of_the_rooms_is_that_of_the_code() -> None:
    """Where it is not: python -m tools.room_picture."""
    assert room_picture.FILE.read_text() == room_picture.draw()
