"""What commands share: errors in one line, strangers' text on the terminal, the end by a signal."""

import re
import signal
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Annotated

import pytest
import typer
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress import Progress
from rich.style import Style
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine
from typer.testing import CliRunner

from core import console
from core.errors import DatabaseUnreachable, ModelMissing, TaggerError
from tests.conftest import ManualClock
from tests.rows import question, store_questions

STEERING = "x\x1b[2Jy\x9bz\u202e\x07"
OWN = r"\x1b(?:\[[\d;]*m|\]8;[^\x07\x1b\x9b]*\x1b\\)"  # Rich's colours and links


def raising(error: BaseException) -> Callable[[], None]:
    @console.command
    def run() -> None:
        raise error

    return run


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> dict[type[TaggerError], str]:
    found: dict[type[TaggerError], str] = {}
    monkeypatch.setattr(console, "hints", found)
    return found


def test_an_error_ends_a_command_with_one_line_and_what_to_type(
    hints: dict[type[TaggerError], str], capsys: pytest.CaptureFixture[str]
) -> None:
    hints[ModelMissing] = "Try: train {site}"
    with pytest.raises(typer.Exit) as ended:
        raising(ModelMissing("There is none of [bold]stats.", site="stats"))()
    assert ended.value.exit_code == console.FAILURE
    said = capsys.readouterr()
    assert said.err == "tagger: There is none of [bold]stats. Try: train stats\n"
    assert said.out == ""


def test_a_hint_holds_for_the_kinds_of_its_error_too(
    hints: dict[type[TaggerError], str],
) -> None:
    hints[TaggerError] = "See the log."
    assert console.with_hint(DatabaseUnreachable("Away.")) == "Away. See the log."


def test_ctrl_c_ends_a_command_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        raising(KeyboardInterrupt())()
    assert ended.value.exit_code == console.FAILURE
    assert capsys.readouterr().err == "tagger: Stopped.\n"


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())()


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
    terminal = type(console.out)(file=file, force_terminal=True, color_system="standard", width=80)
    terminal.print(printed)
    said = re.sub(OWN, "", file.getvalue())
    assert "x" in said
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)


def test_a_progress_bar_still_moves_the_cursor() -> None:
    file = StringIO()
    terminal = type(console.out)(file=file, force_terminal=True)
    with Progress(console=terminal, transient=True) as bar:
        bar.add_task("x")
    assert "\x1b[2K" in file.getvalue()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_process_with_what_it_started(number: signal.Signals) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        console.end_on_sigterm()
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(number)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert ended.value.code == 128 + number


def test_the_bytes_of_all_files_fill_one_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = StringIO()
    monkeypatch.setattr(console, "err", type(console.err)(file=file, force_terminal=True, width=99))
    paths = [tmp_path / "[red]a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(b"x" * 500)
    with console.bytes_progress("Reading", [*paths, Path("-")]) as on_position:
        on_position(paths[1], 500)
        on_position(Path("-"), 50)
        on_position(paths[0], 250)
    assert "Reading [red]a" in file.getvalue()
    assert "0.8/1.0 kB" in re.sub(OWN, "", file.getvalue())


@pytest.fixture
def command(engine: Engine, monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> typer.Typer:
    """A command that names a site, of a database with one of somebody's own."""
    address = engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TAGGER_DATABASE_URL", address)
    monkeypatch.setenv("TAGGER_SITES", "demo")
    store_questions(engine, question(1, site="my-forum"), now=clock.now())
    app = typer.Typer()

    @app.command()
    def show(
        site: Annotated[str | None, console.site_option("A site.")] = None,
        new_site: Annotated[bool, console.new_site_option()] = False,
    ) -> None:
        console.out.print(f"{site} {new_site}")

    return app


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--site", "Stats.StackExchange.com"], "stats False"),
        (["--site", "My-Forum"], "my-forum False"),
        (["--site", "demo"], "demo False"),
        (["--site", "pumps"], "pumps False"),
        (["--site", "stats2"], "stats2 False"),
        (["--site", "statz", "--new-site"], "statz True"),
        (["--new-site", "--site", "My.Own.Site"], "my.own.site True"),
        ([], "None False"),
    ],
)
def test_a_command_takes_sites_that_there_are_and_ones_own(
    command: typer.Typer, given: list[str], said: str
) -> None:
    assert CliRunner().invoke(command, given).stdout == f"{said}\n"


def test_a_command_refuses_sites_that_there_are_not(command: typer.Typer) -> None:
    wide = CliRunner(env={"COLUMNS": "200"})
    refused = wide.invoke(command, ["--site", "statz"])
    assert refused.exit_code == 2
    assert "There is no site 'statz' (near matches: stats" in refused.stderr
    assert "or add --new-site where it is a site of your own" in refused.stderr
    refused = wide.invoke(command, ["--site", "stackexchange.com", "--new-site"])
    assert "is no site" in refused.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("version", 2**31), ("number", -(2**64)), ("question_id", 2**63), ("days", float("nan"))],
)
def test_numbers_that_no_column_holds_are_wrong_usage(name: str, value: float) -> None:
    @console.command
    def run(**given: float) -> None:
        raise AssertionError(given)

    with pytest.raises(typer.BadParameter, match=f"is out of range for {name.replace('_', '-')}"):
        run(**{name: value})


def test_the_sites_own_numbers_may_be_larger() -> None:
    given: list[int] = []

    @console.command
    def run(question_id: int, version: int) -> None:
        given.extend((question_id, version))

    run(question_id=2**63 - 1, version=2**31 - 1)
    assert given == [2**63 - 1, 2**31 - 1]
