"""Results on a terminal: each as it comes, in columns that fit 60 characters."""

from collections.abc import Iterable
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.table import Column, Table
from rich.text import Text

from core.untrusted import one_line
from review.results.find import Result, ResultTag

_DATE_WIDTH: Final = 10  # of 2026-11-26, and of the questions' numbers
_TAGS_WIDTH: Final = 24  # a tag and its probability
_TAG_WIDTH: Final = _TAGS_WIDTH - 5


def show_table(results: Iterable[Result], out: Console, *, with_sites: bool) -> int:
    """Print results as they come, whose links are clickable where the terminal knows that.

    Elsewhere each link stands below its question.

    Args:
        results: any number of them.
        out: where to.
        with_sites: whether each names its site.

    Returns:
        How many there were.
    """
    count, bold = 0, False
    for result in results:
        out.print(_row(result, header=not count, with_sites=with_sites))
        link = _web_link(result)
        if link and not _is_clickable(out):
            out.print(Text(link), soft_wrap=True)
        count += 1
        bold = bold or any(_is_authors(tag, result) for tag in result.suggested)
    if bold and out.is_terminal:
        out.print("Bold: the author chose the tag too.")
    return count


def _row(result: Result, *, header: bool, with_sites: bool) -> Table:
    table = Table(
        Column("id, day", width=_DATE_WIDTH, overflow="fold"),
        Column("question, author's tags", ratio=1, overflow="fold"),
        Column("suggested", width=_TAGS_WIDTH, overflow="fold"),
        box=None,
        expand=True,
        padding=(0, 1, 0, 0),
        show_header=header,
        pad_edge=False,
    )
    site = f"\n{result.site}" if with_sites else ""
    table.add_row(
        Text(f"{result.question_id}\n{result.predicted_at:%Y-%m-%d}{site}", style="dim"),
        _question(result),
        _suggested(result),
    )
    return table


def _question(result: Result) -> Text:
    link = _web_link(result)
    title = Text(one_line(result.title), style=Style(link=link) if link else "")
    if result.author_tags:
        title.append("\n").append(one_line(" ".join(result.author_tags)), style="dim")
    return title


def _suggested(result: Result) -> Text:
    lines = Text("\n").join(
        Text(_line(tag), style="bold" if _is_authors(tag, result) else "")
        for tag in result.suggested
    )
    return lines or Text("none", style="dim")


def _line(tag: ResultTag) -> str:
    """A tag and its probability; a long tag has lines of its own."""
    name, probability = one_line(tag.tag), f"{tag.probability:.2f}"
    room = _TAG_WIDTH - cell_len(name)
    if room >= 0:
        return f"{name}{' ' * room} {probability}"
    return f"{name}\n{probability:>{_TAGS_WIDTH}}"


def _is_authors(tag: ResultTag, result: Result) -> bool:
    return tag.tag in result.author_tags


def _web_link(result: Result) -> str | None:
    """Where the question is, unless a stranger's file gives an address of another kind."""
    link = result.link or ""
    return link if link.startswith(("https://", "http://")) else None


def _is_clickable(out: Console) -> bool:
    """Whether links are sent as such: where Rich sends styles at all."""
    return out.is_terminal and out.color_system is not None and not out.legacy_windows
