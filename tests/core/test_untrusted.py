"""What strangers write neither steers a terminal nor runs in a spreadsheet."""

import csv
import io
import json
import logging

import pytest
from rich.table import Table

from core.console.terminal import _Console
from core.log import SecretFilter
from core.untrusted import (
    CsvWriter,
    JsonTooLarge,
    check_json,
    escape_controls,
    harmless,
    load_json,
    one_line,
    printable,
)

STEERING = ["\x1b[31m", "\x9b31m", "\x07", "\r", "\x08", "\x7f", "\0", "\u202e", "\u2066", "\u2028"]


@pytest.mark.parametrize("control", STEERING)
def test_controls_become_spaces(control: str) -> None:
    shown = printable(f"a{control}b")
    assert shown == f"a {control[1:]}b"
    assert json.loads(escape_controls(json.dumps(control, ensure_ascii=False))) == control
    assert control[0] not in escape_controls(json.dumps(control, ensure_ascii=False))


def test_all_other_text_stays() -> None:
    text = "\u00ef \u0645\u06cc\u200c\u5973 \U0001f469\u200d\U0001f52c\n\ta"
    assert printable(text) == harmless(text) == text


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("\r=1", " '=1"),
        ("\x1b=1", " '=1"),
        ("\t=1", "\t'=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1", "a;'=1"),
        ("a\t+1", "a\t'+1"),
        ("a=1; b-c", "a=1; b-c"),
    ],
)
def test_no_cell_begins_as_a_formula(cell: str, written: str) -> None:
    file = io.StringIO()
    CsvWriter(file).write(cell, -5, 0.5, None)
    assert next(csv.reader(io.StringIO(file.getvalue()))) == [written, "-5", "0.5", ""]


def test_no_control_reaches_the_terminal() -> None:
    file = io.StringIO()
    console = _Console(file=file, width=200)
    table = Table("title\x1b]0;x\x07")
    table.add_row("cell\x1b[2J")
    console.print("text\x1b[2J", table)
    console.print("text\x9b2J", markup=False, highlight=False)
    assert not {"\x1b", "\x07", "\x9b"} & set(file.getvalue())


def test_no_control_reaches_the_log() -> None:
    record = logging.LogRecord("a", logging.INFO, "a.py", 1, "said %s", ("\x1b[2J",), None)
    SecretFilter([]).filter(record)
    assert record.getMessage() == "said [2J"


@pytest.mark.parametrize(
    "data",
    [
        b"[" + b"[]," * 80_000 + b"1]",
        b"[" + b"1," * 200_001 + b"1]",
        b"[" + b'{"":0},' * 60_000 + b"1]",
        b"{" + b'"a":0,' * 100_001 + b'"b":0}',
        b'["\\\\",' + b"[]," * 80_000 + b"1]",
        b'["a\\"b",' + b"[]," * 80_000 + b"1]",
        b"[" * 33 + b"]" * 33,
        b"[" + b'"",' * 200_001 + b"1]",
    ],
)
def test_json_of_which_much_would_become_is_refused(data: bytes) -> None:
    with pytest.raises(JsonTooLarge, match="more than"):
        check_json(data)


@pytest.mark.parametrize(
    "value",
    ["[{,:" * 100_000, '"[' * 100_000, "\\[" * 100_000, [[]] * 49_000, {"a": "[" * 999}],
    ids=["marks", "quotes", "backslashes", "many", "few"],
)
def test_marks_inside_of_texts_count_for_nothing(value: object) -> None:
    assert load_json(json.dumps(value).encode()) == value


def test_json_of_a_stranger_is_utf_8() -> None:
    """In UTF-16 a letter could hold the byte of a quotation mark, and hide what follows."""
    assert load_json(b'\xef\xbb\xbf"\xc3\xa9"') == "\u00e9"
    with pytest.raises(ValueError, match=r"codec|Expecting"):
        load_json("[1]".encode("utf-16"))


def test_what_a_log_quotes_is_one_line() -> None:
    assert one_line(" a\n\x1b[2J\t b\u2028c ") == "a [2J b c"


def test_a_logged_text_writes_no_lines_of_its_own() -> None:
    forged = "no\n2026-01-01 00:00:00,000 ERROR poller: all is lost"
    record = logging.LogRecord("x", logging.INFO, "f", 1, "it says %s", (forged,), None)
    SecretFilter(()).filter(record)
    assert record.getMessage() == f"it says {forged}".replace("\n", " ")
