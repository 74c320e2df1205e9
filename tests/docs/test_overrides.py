"""What the documents would have people write into docker-compose.override.yml."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSITION: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OVERRIDES = [
    (path.name, block)
    for path in sorted((ROOT / "docs").glob("*.md"))
    for block in re.findall(
        r"^```yaml\n(services:.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL
    )
]


def test_there_are_some() -> None:
    assert {"data.md", "scaling.md"} <= {name for name, _ in OVERRIDES}


@pytest.mark.parametrize(("name", "block"), OVERRIDES)
def test_it_publishes_ports_of_services_that_there_are_on_one_address(
    name: str, block: str
) -> None:
    del name
    for service, added in yaml.safe_load(block)["services"].items():
        assert service in COMPOSITION["services"]
        assert "ports" not in COMPOSITION["services"][service]
        assert all(re.match(r"\d+\.\d+\.\d+\.\d+:\d+:\d+$", port) for port in added["ports"])
