"""Writes docs/commands.md from the program itself, as Typer tells its help.

python -m tools.commands_page
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import typer
from typer._click import Context
from typer.cli import get_docs_for_click

from tagger import make_app
from tools.imports import ROOT

FILE: Final = ROOT / "docs/commands.md"
HEAD: Final = "<!-- Made by python -m tools.commands_page. -->\n\n"
TITLE: Final = "Commands"
INTRODUCTION: Final = """\
For whoever runs the program in a terminal: each command in a line, then its help, an example and
its options, as `--help` shows them."""
EXAMPLE: Final = re.compile(r"^Example: (.+(?:\n.+)*)$", re.MULTILINE)
LIST: Final = re.compile(r"\*\*Commands\*\*:\n\n(?:\* .+\n)+\n?")  # their help, cut short


def make_page() -> str:
    """Return the page: a table of all commands, then each with its help, example and options."""
    command: Any = typer.main.get_command(make_app())
    context: Any = Context(command, info_name="tagger")
    page = get_docs_for_click(obj=command, ctx=context, name="tagger", title=TITLE)
    page = EXAMPLE.sub(r"Example:\n\n```\n\1\n```", LIST.sub("", page))
    table = "\n".join(["| command | does |", "|---|---|", *_rows(command, "tagger")])
    head = f"# {TITLE}\n"
    opened = page.replace(head, f"{head}\n{INTRODUCTION}\n\n{table}\n", 1)
    return HEAD + opened.rstrip() + "\n"


def _rows(group: Any, name: str) -> Iterator[str]:
    """Yield a row for each command of a group and of the groups in it."""
    for last, command in group.commands.items():
        whole = f"{name} {last}"
        if hasattr(command, "commands"):
            yield from _rows(command, whole)
        else:
            does = " ".join((command.help or "").split("\n\n")[0].split())
            yield f"| [`{whole}`](#{whole.replace(' ', '-')}) | {does} |"


if __name__ == "__main__":
    FILE.write_text(make_page(), encoding="utf-8")
