import re
from collections.abc import Iterator
from typing import Any, Final

import typer

from tagger import make_app
from tools import commands_page

MARKUP: Final = re.compile(r"(?<!\\)\[[a-z/]")


def _helps(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield what a terminal shows of a command and those in it: name and help."""
    yield name, command.help or ""
    for param in command.params:
        yield f"{name} {param.name}", getattr(param, "help", None) or ""
    for last, inner in getattr(command, "commands", {}).items():
        yield from _helps(inner, f"{name} {last}")


def test_the_page_of_the_commands_is_what_the_program_says() -> None:
    """Where it is not: python -m tools.commands_page."""
    assert commands_page.FILE.read_text() == commands_page.make_page()


def test_no_help_has_brackets_which_a_terminal_takes_for_markup_and_does_not_show() -> None:
    helps = list(_helps(typer.main.get_command(make_app()), "tagger"))
    assert len(helps) > 100
    assert not [name for name, text in helps if MARKUP.search(text)]
