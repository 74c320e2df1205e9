"""Charts as SVG, drawn on the server, each with a title, a description, and its figures as a table.

    line_chart("Precision@1", [Series("version 3", {date(2026, 1, 1): 0.7})], share=True)

Colours come from the page's style sheet by classes, so charts follow light and dark; lines differ
by their dashes too. The text alternative is what the chart says: from where to where, and the last
value of each line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from markupsafe import Markup

WIDTH, HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 10, 10, 24
MOST_SERIES: Final = 5
_NICE = (1.0, 2.0, 4.0, 8.0, 12.0)


@dataclass(frozen=True, slots=True)
class Series:
    """A line or a row of columns: its name, and its values by day."""

    name: str
    values: Mapping[date, float]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where days and values stand in the picture."""

    first: date
    last: date
    top: float
    share: bool

    def x(self, day: date) -> float:
        """The place of a day, in the picture's units."""
        days = max(1, (self.last - self.first).days)
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (day - self.first).days / days

    def y(self, value: float) -> float:
        """The place of a value."""
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - value / self.top)

    def tell(self, value: float) -> str:
        """A value as people read it."""
        return f"{value:.1%}" if self.share else f"{value:,.0f}"


def line_chart(title: str, series: Sequence[Series], *, share: bool = False) -> Markup:
    """Lines over days.

    Args:
        title: what is shown.
        series: at most five are drawn, the last ones; those without values are left out.
        share: whether values are shares between 0 and 1.
    """
    shown = [one for one in series if one.values][-MOST_SERIES:]
    if not shown:
        return _nothing(title)
    frame = _frame(shown, share=share)
    drawn = Markup("").join(_line(frame, one, number) for number, one in enumerate(shown))
    return _figure(title, shown, frame, drawn)


def column_chart(title: str, series: Series) -> Markup:
    """Columns over days, or over months by their first days; one without a value has none."""
    if not series.values:
        return _nothing(title)
    frame = _frame([series], share=False)
    places = sorted(map(frame.x, series.values))
    step = min((after - before for before, after in pairwise(places)), default=60.0)
    width = max(1.0, min(60.0, step - 1.5))
    drawn = Markup("").join(
        Markup(
            '<rect class="column" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
        ).format(
            _number(min(frame.x(day), WIDTH - _RIGHT - width)),
            _number(frame.y(value)),
            _number(width),
            _number(frame.y(0) - frame.y(value)),
            f"{day}: {frame.tell(value)}",
        )
        for day, value in sorted(series.values.items())
    )
    return _figure(title, [series], frame, drawn)


def _frame(series: Sequence[Series], *, share: bool) -> _Frame:
    days = [day for one in series for day in one.values]
    largest = max(value for one in series for value in one.values.values())
    top = 1.0 if share else _round_up(largest)
    return _Frame(min(days), max(days), top, share)


def _round_up(largest: float) -> float:
    """The end of an axis: a number not below the largest value, whose quarters are whole."""
    if largest <= 4:
        return 4.0
    power = 10.0 ** (len(str(int(largest))) - 1)
    ends = (step * power for step in _NICE)
    return next(end for end in ends if end >= largest and end % 4 == 0)


def _line(frame: _Frame, series: Series, number: int) -> Markup:
    points = [(frame.x(day), frame.y(value)) for day, value in sorted(series.values.items())]
    if len(points) == 1:
        ((x, y),) = points
        dot = Markup('<circle class="dot s{}" cx="{}" cy="{}" r="3"/>')
        return dot.format(number, _number(x), _number(y))
    path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
    return Markup('<polyline class="series s{}" points="{}"/>').format(number, path)


def _figure(title: str, series: Sequence[Series], frame: _Frame, drawn: Markup) -> Markup:
    return Markup(
        '<figure class="chart-box"><figcaption>{title}</figcaption>'
        '<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{text}">'
        "<title>{title}</title><desc>{text}</desc>{axes}{drawn}</svg>{legend}"
        "<details><summary>Figures</summary>{table}</details></figure>"
    ).format(
        title=title,
        width=WIDTH,
        height=HEIGHT,
        text=_describe(title, series, frame),
        axes=_axes(frame),
        drawn=drawn,
        legend=_legend(series) if len(series) > 1 else "",
        table=_table(title, series, frame),
    )


def _describe(title: str, series: Sequence[Series], frame: _Frame) -> str:
    said = []
    for one in series:
        values = [value for _, value in sorted(one.values.items())]
        least, most = frame.tell(min(values)), frame.tell(max(values))
        said.append(f"{one.name}: last {frame.tell(values[-1])}, between {least} and {most}")
    return f"{title}, {frame.first} to {frame.last}. {'; '.join(said)}."


def _axes(frame: _Frame) -> Markup:
    line = Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>')
    word = Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>')
    parts = []
    for step in range(5):
        value = frame.top * step / 4
        y = _number(frame.y(value))
        label = f"{value:.0%}" if frame.share else f"{value:,.0f}"
        parts.append(line.format(_LEFT, WIDTH - _RIGHT, y, y))
        parts.append(word.format(_LEFT - 6, _number(frame.y(value) + 4), "end", label))
    middle = frame.first + timedelta(days=(frame.last - frame.first).days // 2)
    places = {frame.last: "end", middle: "middle", frame.first: "start"}  # of one day: the last
    for day, anchor in places.items():
        parts.append(word.format(_number(frame.x(day)), HEIGHT - 6, anchor, str(day)))
    return Markup("").join(parts)


def _legend(series: Sequence[Series]) -> Markup:
    items = Markup("").join(
        Markup(
            '<li><svg class="chart" viewBox="0 0 28 8" aria-hidden="true">'
            '<polyline class="series s{}" points="0,4 28,4"/></svg>{}</li>'
        ).format(number, one.name)
        for number, one in enumerate(series)
    )
    return Markup('<ul class="legend">{}</ul>').format(items)


def _table(title: str, series: Sequence[Series], frame: _Frame) -> Markup:
    heads = Markup("").join(
        Markup('<th scope="col" class="number">{}</th>').format(one.name) for one in series
    )
    days = sorted({day for one in series for day in one.values}, reverse=True)
    rows = Markup("").join(_row(day, series, frame) for day in days)
    return Markup(
        '<div class="wide" tabindex="0" role="region" aria-label="{}">'
        '<table class="data compact"><thead><tr><th scope="col">Day (UTC)</th>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(f"Figures of {title}", heads, rows)


def _row(day: date, series: Sequence[Series], frame: _Frame) -> Markup:
    cells = Markup("").join(
        Markup('<td class="number">{}</td>').format(
            frame.tell(one.values[day]) if day in one.values else ""
        )
        for one in series
    )
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(str(day), cells)


def _nothing(title: str) -> Markup:
    return Markup(
        '<figure class="chart-box"><figcaption>{}</figcaption>'
        '<p class="empty">Nothing yet.</p></figure>'
    ).format(title)


def meter(share: float, *, low: float = 0.0) -> Markup:
    """A small bar for a share between 0 and 1; its text stands beside it."""
    bounded = min(1.0, max(0.0, share))
    return Markup(
        '<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="100" height="8" rx="4"/>'
        '<rect class="fill{}" width="{}" height="8" rx="4"/></svg>'
    ).format(" low" if bounded < low else "", _number(100 * bounded))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
