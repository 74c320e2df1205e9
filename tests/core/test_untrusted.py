"""What strangers write neither steers a terminal nor runs in a spreadsheet."""

import csv
import io
import json
import logging

import pytest
from rich.table import Table

from core.console import _Console
from core.log import SecretFilter
from core.untrusted import CsvWriter, escape_controls, harmless, printable

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
    assert record.getMessage() == "said  [2J"
