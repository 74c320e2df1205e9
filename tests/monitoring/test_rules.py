"""What ships for Prometheus and Grafana names only what /metrics tells, and loads."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from review.metrics.families import FAMILIES

FOLDER = Path(__file__).resolve().parents[2] / "monitoring"
ALERTS = (FOLDER / "alerts.yml").read_text()
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana/dashboard.json").read_text())
METRIC = re.compile(r"\btagger_\w+")


def alerts() -> list[str]:
    """Each alert's own lines."""
    return re.split(r"^      - alert: ", ALERTS, flags=re.MULTILINE)[1:]


def expressions(panels: list[dict[str, Any]]) -> Iterator[str]:
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", ()))
        yield from expressions(panel.get("panels", []))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs Prometheus' promtool")
def test_promtool_takes_the_configuration_and_the_rules(tmp_path: Path) -> None:
    for name in ("prometheus.yml", "alerts.yml"):
        text = (FOLDER / name).read_text()
        (tmp_path / name).write_text(text.replace("/tmp/metrics-token", "token"))
    (tmp_path / "token").touch()
    checked = subprocess.run(
        ["promtool", "check", "config", "prometheus.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alerts_name_metrics_that_there_are_and_say_what_to_do() -> None:
    assert len(alerts()) > 10
    for alert in alerts():
        named = METRIC.findall(alert.split("annotations:")[0])
        assert named or 'up{job="tagger"}' in alert
        assert set(named) <= set(FAMILIES)
        assert "summary: " in alert
        assert len(alert.split("description: >-\n")[1].strip()) > 60
        assert re.search(r"severity: (critical|warning|info)\b", alert)


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    named = {name for one in expressions(DASHBOARD["panels"]) for name in METRIC.findall(one)}
    assert len(named) > 15
    assert named <= set(FAMILIES)


def test_the_dashboard_is_as_grafana_reads_it() -> None:
    assert DASHBOARD["schemaVersion"] >= 39
    assert DASHBOARD["id"] is None  # Grafana gives it; one that is set may be another's
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "tagger-prometheus"}
            assert panel["description"]
            assert [target["refId"] for target in panel["targets"]] == ["A", "B"][
                : len(panel["targets"])
            ]


def test_the_provisioning_names_the_source_and_the_folder_that_the_composition_mounts() -> None:
    provisioning = FOLDER / "grafana/provisioning"
    assert "uid: tagger-prometheus" in (provisioning / "datasources/prometheus.yml").read_text()
    assert "path: /etc/dashboards" in (provisioning / "dashboards/tagger.yml").read_text()
    composition = (FOLDER.parent / "docker-compose.yml").read_text()
    assert "./monitoring/grafana/dashboard.json:/etc/dashboards/dashboard.json:ro" in composition
