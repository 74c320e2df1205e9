"""How far an export has come, in a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import ExportFailed, WrongCursor
from review.results.cursor import AGAIN, START, Place, keep_place, read_place

PLACE = Place(datetime(2026, 11, 26, 18, 0, 0, 250, tzinfo=UTC), 812)
NOW = PLACE.predicted_at + timedelta(minutes=1)


def test_a_place_is_read_as_it_was_kept(tmp_path: Path) -> None:
    file = tmp_path / "exported.cursor"
    assert read_place(file, now=NOW) == START
    keep_place(file, PLACE)
    assert read_place(file, now=NOW) == PLACE
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_place_that_is_still_to_come_is_a_week_ago_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "exported.cursor"
    keep_place(file, PLACE)
    now = PLACE.predicted_at - timedelta(hours=1)
    assert read_place(file, now=now) == Place(now - AGAIN, 0)
    assert "ended at 2026-11-26 18:00:00+00:00, by a clock that has been set back" in caplog.text


@pytest.mark.parametrize("text", ["", "Dear diary", "2026-11-26", "2026-11-26T18:00:00+00:00 x"])
def test_a_file_of_something_else_is_refused_and_stays(tmp_path: Path, text: str) -> None:
    file = tmp_path / "diary"
    file.write_text(text)
    with pytest.raises(WrongCursor, match="diary holds no cursor"):
        read_place(file, now=NOW)
    assert file.read_text() == text


def test_what_cannot_be_read_or_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(WrongCursor, match="cannot be read"):
        read_place(tmp_path, now=NOW)
    with pytest.raises(ExportFailed, match="the same once more"):
        keep_place(tmp_path / "none" / "cursor", PLACE)
