"""Each command: errors in one line, numbers that fit, the end by a signal."""

import errno
import json
import signal
from collections.abc import Callable

import pytest
import typer

from core import console
from core.console import commands
from core.errors import DatabaseUnreachable, ModelMissing, TaggerError


def raising(error: BaseException) -> Callable[[], None]:
    @console.command
    def run() -> None:
        raise error

    return run


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> dict[type[TaggerError], str]:
    found: dict[type[TaggerError], str] = {}
    monkeypatch.setattr(commands, "hints", found)
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


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.EROFS, "read-only for this user"), (errno.ENOSPC, "Make room")],
)
def test_what_may_not_be_written_is_one_line(
    capsys: pytest.CaptureFixture[str], number: int, advice: str
) -> None:
    with pytest.raises(typer.Exit):
        raising(OSError(number, "Not so", "/there/lock"))()
    said = capsys.readouterr().err
    assert said.startswith("tagger: /there/lock cannot be written: Not so. ")
    assert advice in said
    assert said.count("\n") == 1


def test_a_fault_of_the_programs_own_files_keeps_its_traceback() -> None:
    with pytest.raises(FileNotFoundError):
        raising(FileNotFoundError(errno.ENOENT, "None", "/there"))()


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


def test_a_misspelt_setting_is_warned_of_by_who_was_started_by_a_person_alone(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAGGER_POL_SECONDS", "60")
    console.start()
    assert "TAGGER_POL_SECONDS (in the environment) is no setting" in capfd.readouterr().err
    monkeypatch.setattr(commands, "follow", lambda: True)  # a process of `tagger up`
    console.start()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("wrong", [{}, {"TAGGER_TOP_TAGS": "none"}])
def test_an_error_is_json_where_the_log_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], wrong: dict[str, str]
) -> None:
    for name, value in {"TAGGER_LOG_FORMAT": "json", **wrong}.items():
        monkeypatch.setenv(name, value)

    @console.command
    def run() -> None:
        console.start()
        raise DatabaseUnreachable("It is away.")

    with pytest.raises(typer.Exit):
        run()
    told = json.loads(capfd.readouterr().err)
    assert told["level"] == "critical"
    assert told["message"].startswith("TAGGER_TOP_TAGS: " if wrong else "It is away.")
