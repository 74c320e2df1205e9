"""What an operator meets in the first hour, as far as the composition's file says."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_the_settings_are_checked_before_anything_else_and_once() -> None:
    """One that is wrong ends `up` at once; Docker would try again for ever."""
    migrate = SERVICES["migrate"]
    assert migrate["restart"] == "no"
    assert migrate["depends_on"] == {}  # it waits for the database itself
    assert {"--wait", "--env-file"} <= set(migrate["command"])
    for name in ("poller", "worker", "trainer", "scheduler", "review"):
        assert SERVICES[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }


def test_names_that_are_no_settings_are_seen_in_the_file_that_compose_reads() -> None:
    assert ".:/project:ro" in SERVICES["migrate"]["volumes"]
    command = SERVICES["migrate"]["command"]
    assert command[command.index("--env-file") + 1] == "/project/.env"


@pytest.mark.parametrize("name", ["worker", "trainer"])
def test_the_exchange_folder_is_mounted_and_in_the_repository(name: str) -> None:
    assert "./exchange:/exchange" in SERVICES[name]["volumes"]
    kept = ["git", "ls-files", "exchange"]
    done = subprocess.run(kept, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["exchange/.gitignore"]  # Docker would make it root's
