"""The demo's end: where its review page is."""

import socket
from contextlib import suppress
from pathlib import Path

import pytest

from core.service.review_page import TOKEN_FILE
from core.settings import DEFAULTS
from demo.run import Demo, _free_port, _print_page
from tests.conftest import ManualClock


def test_the_page_has_another_port_where_its_usual_one_is_taken() -> None:
    with suppress(OSError), socket.create_server((DEFAULTS.review_host, DEFAULTS.review_port)):
        assert _free_port() != DEFAULTS.review_port
    assert _free_port() > 0


def test_it_tells_the_link_that_logs_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    (tmp_path / TOKEN_FILE).write_text("a-token\n")
    _print_page(Demo(tmp_path, {"TAGGER_REVIEW_PORT": "8081"}, 1, clock))
    assert "http://127.0.0.1:8081/login?token=a-token\n" in capsys.readouterr().out
