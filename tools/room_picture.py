"""Draws the rooms of the program as an SVG: which imports which, read from the code.

    python -m tools.room_picture

A room stands below all that it imports. Of its arrows those are drawn that no other arrow implies:
who imports the trainer's report reads the scoring too, by way of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from tools.imports import ROOT, arrows

FILE: Final = ROOT / "docs/images/rooms.svg"
WIDTH, HEIGHT, GAP, STEP = 124, 30, 14, 74  # of a box, between boxes, from row to row
SWEEPS: Final = 12
COLOURS: Final = {"core": "#dbe8f3", "trainer": "#f6e5d3"}
OTHERS: Final = "#e4efe0"

Graph = Mapping[str, Iterable[str]]


def draw() -> str:
    """Return the picture, always the same for the same code."""
    found = arrows()
    del found["tagger"]  # it names the parts' commands as text, and imports each when it is called
    used = frozenset[str]().union(*found.values())
    graph = {room: sorted(found[room]) for room in sorted(found) if found[room] or room in used}
    rows = _rows(graph)
    kept = _implied_by_none(graph)
    places = _places(_ordered(rows, kept))
    width = max(len(row) for row in rows) * (WIDTH + GAP) + GAP
    height = len(rows) * STEP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
    lines = [
        head + 'font-family="system-ui, sans-serif" font-size="12">',
        "<title>Which room of the program imports which</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(_arrow(places[room], places[target]) for room in kept for target in kept[room]),
        *(_box(room, *places[room]) for room in kept),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _rows(graph: Graph) -> list[list[str]]:
    """Rooms by the longest way down to one that imports nothing."""

    @cache
    def rank(room: str) -> int:
        return max((rank(target) + 1 for target in graph[room]), default=0)

    rows: list[list[str]] = [[] for _ in range(max(map(rank, graph)) + 1)]
    for room in graph:
        rows[rank(room)].append(room)
    return rows


def _implied_by_none(graph: Graph) -> dict[str, list[str]]:
    """The arrows without those that others imply (transitive reduction)."""

    @cache
    def reached(room: str) -> frozenset[str]:
        return frozenset(graph[room]).union(*(reached(target) for target in graph[room]))

    return {
        room: [one for one in targets if not any(one in reached(other) for other in targets)]
        for room, targets in graph.items()
    }


def _ordered(rows: Sequence[Sequence[str]], graph: Graph) -> list[list[str]]:
    """Each row in the order in which its arrows cross least, by barycentres (Sugiyama, 1981)."""
    ordered = [list(row) for row in rows]
    neighbours = {room: set(targets) for room, targets in graph.items()}
    for room, targets in graph.items():
        for target in targets:
            neighbours[target].add(room)
    for _ in range(SWEEPS):
        middle = {
            room: (place + 0.5) / len(row) for row in ordered for place, room in enumerate(row)
        }
        for row in ordered:
            row.sort(key=lambda room: (_mean(middle, neighbours[room]), room))
    return ordered


def _mean(values: Mapping[str, float], names: Iterable[str]) -> float:
    found = [values[name] for name in names]
    return sum(found) / len(found) if found else 0.5


def _places(rows: Sequence[Sequence[str]]) -> dict[str, tuple[int, int]]:
    """The upper left corner of each box; what imports nothing stands at the top."""
    widest = max(len(row) for row in rows)
    return {
        room: (
            GAP + place * (WIDTH + GAP) + (widest - len(row)) * (WIDTH + GAP) // 2,
            number * STEP + GAP,
        )
        for number, row in enumerate(rows)
        for place, room in enumerate(row)
    }


def _box(room: str, x: int, y: int) -> str:
    colour = COLOURS.get(room.split("/", maxsplit=1)[0], OTHERS)
    return (
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="{colour}" '
        f'stroke="#7d8b99"/><text x="{x + WIDTH // 2}" y="{y + 19}" text-anchor="middle" '
        f'fill="#1d2731">{room}</text>'
    )


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """From the upper edge of what imports to the lower edge of what is imported."""
    (x1, y1), (x2, y2) = start, (end[0], end[1] + HEIGHT)
    x1, x2 = x1 + WIDTH // 2, x2 + WIDTH // 2
    bend = (y1 - y2) // 2
    return (
        f'<path d="M{x1} {y1}C{x1} {y1 - bend} {x2} {y2 + bend} {x2} {y2}" fill="none" '
        f'stroke="#8795a3"/><circle cx="{x2}" cy="{y2}" r="2.5" fill="#5b6875"/>'
    )


if __name__ == "__main__":
    FILE.write_text(draw(), encoding="utf-8")
