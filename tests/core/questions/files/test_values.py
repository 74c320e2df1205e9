"""Numbers, times and tags in the forms in which programs write them."""

from datetime import UTC, datetime

import pytest

from core.questions.files.values import is_nothing, to_tags, to_time, to_whole


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (80, 80),
        (80.0, 80),
        ("80", 80),
        (" +80 ", 80),
        ("80.0", 80),
        ("80,0", 80),
        ("8e1", 80),
        ("4e+05", 400_000),
        ("-3", -3),
        ("1,234", 1234),
        ("-1,234,567.0", -1_234_567),
        ("1 234", 1234),
        ("1\u202f234", 1234),
        ("1'234", 1234),
        ("1.234.567", 1_234_567),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_a_whole_number_is_read_however_it_is_written(written: object, number: int) -> None:
    assert to_whole(written) == number


@pytest.mark.parametrize(
    "written",
    [
        5.5,
        "5.5",
        "1.234",
        "12,34",
        "1,2345",
        "1_000",
        "1e400",
        "six",
        "",
        True,
        None,
        [6],
        float("nan"),
        2.0**60,
        "inf",
    ],
)
def test_what_is_no_whole_number_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"whole number|exact"):
        to_whole(written)


MOMENT = datetime(2010, 7, 19, 19, 14, 44, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        1279566884,
        1279566884.0,
        1279566884_000,
        1279566884_000_000,
        1279566884_000_000_000,
        "1279566884",
        "1279566884000",
        "1.279566884E9",
        "2010-07-19T19:14:44Z",
        "2010-07-19 19:14:44",
        "2010-07-19 21:14:44+02:00",
        "2010-07-19 19:14:44.0000000 UTC",
        "2010/7/19 19:14:44",
        "20100719T191444Z",
        "Mon, 19 Jul 2010 19:14:44 GMT",
    ],
)
def test_a_time_is_read_however_it_is_written(written: object) -> None:
    assert to_time(written) == MOMENT


@pytest.mark.parametrize("written", ["soon", "", "19/07/2010", True, None, [1], 10**30, "1e999"])
def test_what_is_no_time_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="neither seconds since 1970 nor a time"):
        to_time(written)


@pytest.mark.parametrize(
    "written",
    [
        *("<c++><r>", "|c++|r|", "c++ r", "c++, r", "c++;r", "['c++', 'r']", '["c++","r"]'),
        *("{c++,r}", '{c++,"r"}', " [c++, r] "),
    ],
)
def test_tags_in_one_text_are_parted(written: str) -> None:
    assert to_tags(written) == ["c++", "r"]


def test_what_programs_write_for_nothing_is_known() -> None:
    assert all(map(is_nothing, [None, "", " ", "NA", "NaN", "null", "\\N", float("nan")]))
    assert not any(map(is_nothing, [0, "0", "nano", [], 0.0]))
