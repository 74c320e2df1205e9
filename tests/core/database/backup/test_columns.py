from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY

from core.database.backup.columns import WRONG_VALUE, from_json, in_chunks, to_json
from core.database.backup.scope import StoredTable

TABLE = StoredTable(
    "things",
    {
        "id": Integer(),
        "name": Text(),
        "at": DateTime(timezone=True),
        "day": Date(),
        "data": LargeBinary(),
        "live": Boolean(),
        "more": JSON(),
        "tags": ARRAY(Text),
    },
)
NAMES = list(TABLE.columns)
GOOD: list[Any] = [
    1, "a", "2026-01-02T03:04:05.678901+00:00", "2026-01-02", "AAE=", True, {"a": [1]}, ["b"],
]  # fmt: skip


def test_a_row_comes_back_from_sqlite_as_it_was() -> None:
    row = from_json(TABLE, NAMES[:7], "sqlite")(GOOD[:7])
    assert row[2:6] == ["2026-01-02 03:04:05.678901", "2026-01-02", b"\0\1", 1]
    assert to_json(TABLE, "sqlite")([*row, None])[:7] == GOOD[:7]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (1, ["a"]), (1, {}), (2, "2026-01-02T03:04:05"), (2, "yesterday"), (2, 5), (3, "2026"),
        (2, "0001-01-01T00:00:00+23:00"),
        (4, "A"), (4, "AAE= "), (4, 5), (5, 1), (5, "true"), (7, "b"), (7, {}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_value_that_is_none_of_its_column_is_refused(
    dialect: str, place: int, value: object
) -> None:
    width = 7 if dialect == "sqlite" else 8  # it has no arrays
    row = [*GOOD]
    row[place] = value
    if place < width:
        with pytest.raises(WRONG_VALUE):
            from_json(TABLE, NAMES[:width], dialect)(row[:width])


def test_postgres_gets_no_zero_character_and_keeps_what_only_looks_like_one() -> None:
    row = [None, "a\0b", None, None, None, None, {"a\0": ["\0", "\\u0000"]}, ["\0b"]]
    converted = from_json(TABLE, NAMES, "postgresql")(row)
    assert converted[1] == "ab"
    assert converted[6] == '{"a": ["", "\\\\u0000"]}'
    assert converted[7] == ["b"]


def test_rows_come_in_chunks() -> None:
    assert list(in_chunks(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]
