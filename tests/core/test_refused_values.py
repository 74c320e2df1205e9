"""What is told of a value that a schema refuses: the place, what is wrong, and the value."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from core.refused_values import told


def even_number(number: int) -> int:
    if number % 2:
        raise ValueError("an odd number")
    return number


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int = Field(default=1, ge=1, le=5_000)
    share: float = Field(default=0.5, gt=0, lt=1000)
    even: Annotated[int, AfterValidator(even_number)] = 0
    name: str = Field(default="a", max_length=1_000, min_length=1)
    kind: Literal["bag", "terms"] = "bag"
    flag: bool = True
    at: datetime | None = None
    zoned: AwareDatetime | None = None
    late: datetime | None = Field(default=None, ge=datetime(2020, 1, 1, tzinfo=UTC))
    names: list[str] = Field(default=[], max_length=2)
    rows: tuple["Row", ...] = ()


def refusal(values: object) -> str:
    with pytest.raises(ValidationError) as refused:
        Row.model_validate(values)
    return told(refused.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"number": "six"}, "number: should be a whole number, but is 'six'"),
        ({"number": 1.5}, "number: should be a whole number, but is 1.5"),
        ({"number": 0}, "number: should be 1 or more, but is 0"),
        ({"number": 6_000}, "number: should be 5,000 or less, but is 6000"),
        ({"share": "a"}, "share: should be a number, but is 'a'"),
        ({"share": 0}, "share: should be above 0, but is 0"),
        ({"share": 1e4}, "share: should be below 1,000, but is 10000.0"),
        ({"even": 3}, "even: an odd number, but is 3"),
        ({"name": "x" * 2_000}, "name: should have 1,000 characters at most"),
        ({"name": ""}, "name: should have 1 characters or more, but is ''"),
        ({"name": None}, "name: should be a text"),
        ({"kind": "beta"}, "kind: should be 'bag' or 'terms', but is 'beta'"),
        ({"flag": "perhaps"}, "flag: should be true or false, but is 'perhaps'"),
        ({"at": "soon"}, "at: should be a time such as 2010-07-19T19:14:44Z, but is 'soon'"),
        (
            {"zoned": "2026-01-01T00:00"},
            "zoned: should say its time zone, but is '2026-01-01T00:00'",
        ),
        (
            {"late": "2019-01-01T00:00Z"},
            "late: should be 2020-01-01T00:00:00Z or more, but is '2019-01-01T00:00Z'",
        ),
        ({"names": "a"}, "names: should be a list, but is 'a'"),
        ({"names": ["a", "b", "c"]}, "names: should hold 2 at most"),
        ({"rows": [{"number": 0}]}, "rows.0.number: should be 1 or more, but is 0"),
        ({"rows": [1]}, "rows.0: should be an object, but is 1"),
        ({"more": 1}, "more: should not be there, but is 1"),
        ([1], "should be an object"),
    ],
)
def test_a_refusal_says_where_and_what_is_wrong(values: dict[str, Any], expected: str) -> None:
    assert refusal(values) == expected


def test_a_stranger_s_value_and_names_are_short_and_harmless() -> None:
    assert refusal({"number": "\x1b[2J"}) == r"number: should be a whole number, but is '\x1b[2J'"
    assert refusal({"number": "x" * 5_000}) == "number: should be a whole number"
    assert refusal({"\n" * 3 + "x" * 5_000: [1]}).count("x") <= 100
