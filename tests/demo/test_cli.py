"""The demo's commands on the command line."""

import pytest
from typer.testing import CliRunner

import tagger


@pytest.mark.parametrize("command", [["stand-in", "questions.jsonl"], ["demo-site"]])
def test_a_port_that_there_is_not_is_refused(command: list[str]) -> None:
    refused = CliRunner().invoke(tagger.make_app(), [*command, "--port", "65536"])
    assert refused.exit_code == 2
    assert "65,535" in refused.stderr
