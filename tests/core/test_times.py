"""Times in the forms in which programs write them."""

from datetime import UTC, datetime

import pytest

from core.times import to_time

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
        "2010.07.19 19:14:44",
        "2010-7-19 19:14:44",
        "19.07.2010 19:14:44",
        "19.7.2010, 19:14:44",
        "19/07/2010 19:14:44",
        "19-07-2010 19:14:44",
        "7/19/2010 7:14:44 PM",
        "07-19-2010 19:14:44.0 UTC",
        "7/19/2010 21:14:44+02:00",
        "19 July 2010 19:14:44",
        "19-JUL-2010 19:14:44",
        "Jul 19, 2010, 7:14:44 p.m.",
        "Mon Jul 19 19:14:44 2010",
        "Mon Jul 19 2010 21:14:44 GMT+0200 (Central European Summer Time)",
        "Mon, 19 Jul 2010 14:14:44 EST",
        "20100719T191444Z",
        "Mon, 19 Jul 2010 19:14:44 GMT",
        "\t2010-07-19 \u00a0 19:14:44 \n",
        "2010/07/19  7:14:44  PM  GMT  (Greenwich)" + " " * 200,
    ],
)
def test_a_time_is_read_however_it_is_written(written: object) -> None:
    assert to_time(written) == MOMENT


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2010/07/09 14:03", "2010-07-09 14:03"),
        ("2010/7/9 9:03", "2010-07-09 09:03"),
        ("09.07.2010", "2010-07-09 00:00"),
        ("7/7/2010", "2010-07-07 00:00"),
        ("7/19/2010", "2010-07-19 00:00"),
        ("7/19/2010 12:03 AM", "2010-07-19 00:03"),
        ("7/19/2010 12:03 PM", "2010-07-19 12:03"),
        ("Sept. 9th, 2010", "2010-09-09 00:00"),
    ],
)
def test_a_date_is_read_where_its_order_is_certain(written: str, day: str) -> None:
    assert to_time(written) == datetime.fromisoformat(day).replace(tzinfo=UTC)


@pytest.mark.parametrize("written", ["7/8/2010", "08-07-2010 14:03", "7/8/2010 2:03 PM"])
def test_a_date_that_may_be_read_in_two_ways_is_not_guessed(written: str) -> None:
    with pytest.raises(ValueError, match=r"write 2010-0[78]-0[78] or 2010-0[78]-0[78]"):
        to_time(written)


@pytest.mark.parametrize(
    "written",
    [
        *("soon", "", True, None, [1], 10**30, "1e999"),
        *("31/31/2010", "07.19.2010", "19.07.10", "7/19/10", "2010/13/01", "7/19/2010 25:00"),
        "2010-07-19 9:03" + " " * 100_000 + "x",  # an expression would take minutes
        *("7/19/2010 9:03 (" + "x" * 100 + ")", "7/19/2010 9:03 " + "( " * 40),
        *("7/19/2010 13:00 PM", "7/19/2010 soon", "19 Foo 2010", "7/192010"),
    ],
)
def test_what_is_no_time_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="neither seconds since 1970 nor a time"):
        to_time(written)
