"""The terminal: where commands print, and what no stranger's text does to it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from core.untrusted import escape_controls, printable

if TYPE_CHECKING:
    from rich.progress import Progress


class _Console(Console):
    """A terminal that no text steers: control characters of what is printed never reach it.

    Texts are freed of them as they come, so that markup and widths reckon with what is shown, and
    whatever else is printed as it is rendered. What Rich itself does with the cursor passes.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a text, with or without markup."""
        return super().render_str(printable(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Render anything."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), _safe_link(style), control)


def _safe_link(style: Style | None) -> Style | None:
    """A style as it is, but for a link that could end the sequence it stands in."""
    link = None if style is None else style.link
    return style if style is None or link is None else style.update_link(printable(link))


out = _Console()
err = _Console(stderr=True)


def plain(text: str) -> str:
    """A stranger's text as the terminal may show it: no control sequence, no markup."""
    return escape(" ".join(printable(text).split("\n")).replace("\t", " "))


def print_json(told: object) -> None:
    """Print something as JSON, for programs: times as ISO 8601 has them, controls escaped."""
    text = json.dumps(told, ensure_ascii=False, indent=2, default=_as_text)
    out.file.write(f"{escape_controls(text)}\n")


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def progress(description: str, total: int | None = None) -> "Progress":
    """A progress bar on standard error, on a terminal only."""
    from rich.progress import (  # noqa: PLC0415 (what runs for long without one loads none)
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=err, disable=not err.is_terminal, transient=True)
    bar.add_task(description, total=total)
    return bar


@contextmanager
def bytes_progress(
    description: str, files: Sequence[Path]
) -> Iterator[Callable[[Path, int], None]]:
    """A progress bar over the bytes of all files on standard error, on a terminal only.

    Gives what is to be called with a file and how many bytes of it have been read.
    """
    from rich.progress import (  # noqa: PLC0415 (as above)
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    positions = dict.fromkeys(files, 0)
    total = sum(path.stat().st_size for path in files if path.is_file())  # a pipe does not say
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task(description, total=total or None)

        def on_position(path: Path, position: int) -> None:
            positions[path] = position
            read = f"{description} {plain(path.name)}"
            bar.update(task, description=read, completed=sum(positions.values()))

        yield on_position
