"""Writes docs/commands.md from the program itself, as Typer tells its help.

python -m tools.commands_page
"""

import re
from typing import Any, Final

import typer
from typer._click import Context
from typer.cli import get_docs_for_click

from tagger import make_app
from tools.imports import ROOT

FILE: Final = ROOT / "docs/commands.md"
HEAD: Final = "<!-- Made by python -m tools.commands_page. -->\n\n"
EXAMPLE: Final = re.compile(r"^Example: (.+(?:\n.+)*)$", re.MULTILINE)


def make_page() -> str:
    """Return the page: every command with its help, its example and its options."""
    command = typer.main.get_command(make_app())
    context: Any = Context(command, info_name="tagger")
    page = get_docs_for_click(obj=command, ctx=context, name="tagger", title="Commands")
    return HEAD + EXAMPLE.sub(r"Example:\n\n```\n\1\n```", page).rstrip() + "\n"


if __name__ == "__main__":
    FILE.write_text(make_page(), encoding="utf-8")
