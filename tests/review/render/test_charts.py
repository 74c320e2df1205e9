import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from markupsafe import Markup

from review.render.charts import MOST_SERIES, WIDTH, Series, column_chart, line_chart, meter

DAY = date(2026, 1, 1)
HOSTILE = '"><script>alert(1)</script>'


def days(*values: float) -> dict[date, float]:
    return {DAY + timedelta(days=number): value for number, value in enumerate(values)}


def drawn(chart: Markup) -> ET.Element:
    """The chart as XML: it is well formed."""
    svg = ET.fromstring(str(chart)).find(".//svg[@role='img']")
    assert svg is not None
    return svg


def test_a_line_chart_says_in_words_what_it_shows() -> None:
    chart = line_chart("Precision", [Series("version 1", days(0.5, 0.75, 0.6))], share=True)
    said = drawn(chart).attrib["aria-label"]
    expected = "version 1: last 60.0%, between 50.0% and 75.0%."
    assert said == f"Precision, 2026-01-01 to 2026-01-03. {expected}"
    assert "style" not in str(chart)


def test_every_figure_stands_in_the_table() -> None:
    two = [Series("one", days(1, 2)), Series("two", {DAY: 3})]
    table = ET.fromstring(str(line_chart("Counts", two))).find(".//table")
    assert table is not None
    rows = [[cell.text or "" for cell in row] for row in table.findall(".//tr")]
    assert rows == [
        ["Day (UTC)", "one", "two"],
        ["2026-01-02", "2", ""],
        ["2026-01-01", "1", "3"],
    ]


@pytest.mark.parametrize(
    "values", [(0.0,), (5,), (1, 2, 3), (0, 0), (123_456, 7), tuple(range(90))]
)
def test_all_that_is_drawn_lies_within_the_picture(values: tuple[float, ...]) -> None:
    for chart in (
        line_chart("a", [Series("s", days(*values))]),
        column_chart("a", Series("s", days(*values))),
    ):
        svg = drawn(chart)
        points = [p for line in svg.iter("polyline") for p in line.attrib["points"].split()]
        places = [tuple(map(float, point.split(","))) for point in points]
        for one in svg.iter("rect"):
            x, y, wide, high = (float(one.attrib[n]) for n in ("x", "y", "width", "height"))
            places += [(x, y), (x + wide, y + high)]
        assert all(0 <= x <= WIDTH and 0 <= y <= 220 for x, y in places)


def test_no_values_are_said_and_of_many_series_the_last_are_drawn() -> None:
    assert "Nothing yet." in line_chart("a", [])
    assert "Nothing yet." in column_chart("a", Series("s", {}))
    many = [Series(f"v{number}", days(1, 2)) for number in range(9)]
    assert len(list(drawn(line_chart("a", many)).iter("polyline"))) == MOST_SERIES


def test_hostile_names_are_texts() -> None:
    chart = line_chart(HOSTILE, [Series(HOSTILE, days(1, 2)), Series("b", days(1))])
    assert "<script" not in chart
    drawn(chart)


def test_a_meter_stays_within_its_bounds() -> None:
    assert 'class="fill" width="100"' in meter(7)
    assert 'class="fill low" width="5"' in meter(0.05, low=0.1)


@pytest.mark.parametrize("largest", [3, 5, 9, 10, 23, 40, 99, 100, 240, 999, 1000])
def test_the_lines_of_an_axis_are_as_far_apart_as_their_labels_say(largest: int) -> None:
    chart = drawn(column_chart("a", Series("s", days(largest))))
    labels = [one.text or "" for one in chart.iter() if one.get("text-anchor") == "end"]
    steps = [int(label.replace(",", "")) for label in labels if "-" not in label]
    assert steps == [steps[1] * number for number in range(5)]
    assert steps[-1] >= largest
