"""What each command begins and ends with: the settings, errors in one line, the end by a signal."""

import errno
import functools
import logging
import signal
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn, ParamSpec, TypeVar

import typer

from core.child_process import follow
from core.console.terminal import err, plain
from core.errors import TaggerError
from core.log import logs_json, set_up_early_logging, set_up_logging
from core.settings import Settings, load_settings, misspelt_variables

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# Of numbers on the command line, as the databases' columns hold them: versions and such, and the
# sites' own numbers of questions.
LARGEST = 2**31 - 1
LARGEST_QUESTION = 2**63 - 1

FAILURE = 1  # exit status; wrong usage is 2, which Typer gives

# What to do about a file or a folder that the system refuses to write, by its error's number.
_READ_ONLY = (
    "It is read-only for this user: call the program in a folder that is not, or set "
    "TAGGER_DATA_DIR to one."
)
_UNWRITABLE = {
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.ENOSPC: "Make room on its disk.",
    errno.EDQUOT: "Make room: this user's share of the disk is used up.",
}

# What a person can type about an error, by its class, with the error's attributes as {site}. The
# command line fills it, since only it knows the commands.
hints: dict[type[TaggerError], str] = {}


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Make a command end with one line and exit status 1 where the project's errors end it.

    So do files and folders that may not be written.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        _check_numbers(kwargs)
        try:
            return function(*args, **kwargs)
        except TaggerError as error:
            fail(with_hint(error))
        except KeyboardInterrupt:
            fail("Stopped.")
        except BrokenPipeError:  # whoever read the output has read enough
            sys.stderr.close()
            raise typer.Exit from None
        except OSError as error:
            if error.errno not in _UNWRITABLE or error.filename is None:
                raise
            fail(
                f"{error.filename} cannot be written: {error.strerror}. {_UNWRITABLE[error.errno]}"
            )

    return run


def _check_numbers(given: Mapping[str, object]) -> None:
    """Refuse numbers that no column holds, and what is none.

    Raises:
        typer.BadParameter: one of them is.
    """
    for name, value in given.items():
        largest = LARGEST_QUESTION if name == "question_id" else LARGEST
        if isinstance(value, int | float) and not abs(value) <= largest:  # also for "nan"
            raise typer.BadParameter(
                f"{str(value)[:20]} is out of range for {name.replace('_', '-')}: "
                f"{largest:,} is the largest."
            )


def with_hint(error: TaggerError) -> str:
    """Return an error's line, with what a person can type about it where that is known."""
    return f"{error} {hint_of(error)}".rstrip()


def hint_of(error: TaggerError) -> str:
    """Return what a person can type about an error; empty where nothing is known."""
    known = next((hints[kind] for kind in type(error).__mro__ if kind in hints), "")
    return known.format_map(vars(error))


def fail(message: str, *, status: int = FAILURE) -> NoReturn:
    """Print one line on standard error and end with the exit status of a failure."""
    if logs_json() and not err.is_terminal:
        log.critical("%s", message)
        raise typer.Exit(status)
    err.print(f"[red]tagger:[/red] {plain(message)}", soft_wrap=True, highlight=False)
    raise typer.Exit(status)


def start(part: str = "") -> Settings:
    """Read the settings and set up logging: the first line of every command.

    A process that was started on a leash ends with its parent from here on.

    Args:
        part: of the service, as its log calls it; by default the command's name.
    """
    is_child = follow()
    set_up_early_logging()
    settings = load_settings()
    set_up_logging(settings, part=part or _command_name())
    if not is_child:  # whose parent has said it
        for line in misspelt_variables():
            log.warning("%s", line)
    return settings


def _command_name() -> str:
    return next((word for word in sys.argv[1:2] if not word.startswith("-")), "")


def end_on_sigterm() -> None:
    """Let SIGTERM and a closed terminal end this process as Ctrl-C does, with what it started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))
