"""Strangers' text on the terminal, and bars of progress."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress import Progress
from rich.style import Style
from rich.table import Table
from rich.text import Text

from core import console
from core.console import terminal

STEERING = "x\x1b[2Jy\x9bz\u202e\x07"
OWN = r"\x1b(?:\[[\d;]*m|\]8;[^\x07\x1b\x9b]*\x1b\\)"  # Rich's colours and links


def test_a_strangers_text_neither_moves_the_cursor_nor_marks_up() -> None:
    assert console.plain("a\x1b[2Jb\n[red]c") == "a [2Jb \\[red]c"


def in_table(cell: Text) -> Table:
    table = Table("a")
    table.add_row(cell)
    return table


@pytest.mark.parametrize(
    "printed",
    [
        STEERING,
        Text(STEERING),
        in_table(Text(STEERING)),
        [STEERING],
        Group(Text(STEERING), Panel(STEERING, title=Text(STEERING))),
        Text("x", style=Style(link=f"https://{STEERING}")),
    ],
)
def test_no_text_steers_the_terminal_in_whatever_it_is_printed(printed: RenderableType) -> None:
    file = StringIO()
    screen = type(console.out)(file=file, force_terminal=True, color_system="standard", width=80)
    screen.print(printed)
    said = re.sub(OWN, "", file.getvalue())
    assert "x" in said
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)


def test_a_progress_bar_still_moves_the_cursor() -> None:
    file = StringIO()
    screen = type(console.out)(file=file, force_terminal=True)
    with Progress(console=screen, transient=True) as bar:
        bar.add_task("x")
    assert "\x1b[2K" in file.getvalue()


def test_the_bytes_of_all_files_fill_one_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = StringIO()
    monkeypatch.setattr(
        terminal, "err", type(console.err)(file=file, force_terminal=True, width=99)
    )
    paths = [tmp_path / "[red]a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(b"x" * 500)
    with console.bytes_progress("Reading", [*paths, Path("-")]) as on_position:
        on_position(paths[1], 500)
        on_position(Path("-"), 50)
        on_position(paths[0], 250)
    assert "Reading [red]a" in file.getvalue()
    assert "0.8/1.0 kB" in re.sub(OWN, "", file.getvalue())
