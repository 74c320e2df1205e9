"""Lines as people type them: the commands of `tagger` in them, and whether these parse."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import typer

import tagger

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CALLED = re.compile(  # at the start, behind a pipe, or in a container, whose program it is
    r"(?:(?:^|[|;&]\s*|docker-compose exec (?:-\S+ )*\S+ )(?:[A-Z_]+=\S*\s+)*tagger(?=\s)"
    r"|docker-compose run (?:-\S+ )*(?:worker|trainer|migrate))\s+(.*)"
)
_ENDS = ("|", ">", ">>", "<", ";", "&&")


def commands_of_document(file: Path) -> Iterator[list[str]]:
    """The arguments of each `tagger` in the blocks that a document has for a terminal."""
    for language, block in _BLOCK.findall(file.read_text()):
        found = [] if language else map(_CALLED.search, block.splitlines())
        for called in found:
            if called is not None and (arguments := arguments_of(called[1])):
                yield arguments


def arguments_of(line: str) -> list[str]:
    """What stands behind `tagger` in a line, up to a pipe, a file or a comment."""
    words = shlex.split(line, comments=True)
    return list(takewhile(lambda word: word not in _ENDS, words))


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its words without `tagger`, its help, the names of its options.

    And what it takes, as the library for command lines has it.
    """

    words: tuple[str, ...]
    help: str
    options: frozenset[str]
    parameters: tuple[Any, ...]

    @property
    def example(self) -> list[str]:
        """The arguments of the example that its help gives."""
        line = " ".join(self.help.split("Example: ")[1].split())
        called = re.fullmatch(r"(?:[A-Z_]+=\S+ )*tagger (.*)", line)
        assert called is not None, line
        return arguments_of(called[1])

    def __str__(self) -> str:
        return " ".join(self.words)


def all_commands() -> list[Command]:
    """Every command that there is, in the order of the help."""
    found: list[Command] = []

    def walk(node: Any, words: tuple[str, ...]) -> None:
        for name, child in node.commands.items():
            if hasattr(child, "commands"):
                walk(child, (*words, name))
            else:
                options = frozenset(option for one in child.params for option in one.opts)
                taken = tuple(child.params)
                found.append(Command((*words, name), child.help or "", options, taken))

    walk(_commands(), ())
    return found


@cache
def _commands() -> Any:
    return typer.main.get_command(tagger.make_app())


def check_arguments(arguments: list[str]) -> None:
    """Raise what the command line would of a command or an option that there is not."""
    node, rest = _commands(), list(arguments)
    context = node.make_context("tagger", ["--help"], resilient_parsing=True)
    while hasattr(node, "commands"):
        name = rest.pop(0)
        node = node.commands[name]
        context = type(context)(node, parent=context, info_name=name)
    options, left, _ = node.make_parser(context).parse_args(rest)
    assert not left, f"too many arguments: {left}"
    missing = [one.name for one in node.params if one.required and not options.get(one.name)]
    assert not missing, f"missing: {missing}"
