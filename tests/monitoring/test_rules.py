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

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs Prometheus' promtool"
)

# Series by the minute, and what fires then; an alert with no `exp_alerts` does not.
FIRING = """
rule_files: [alerts.yml]
tests:
  - interval: 1m
    input_series:
      - { series: tagger_outgoing_events_failed, values: "0 0 3x20" }
      - { series: 'tagger_last_sign_age_seconds{part="tagging"}', values: "20+60x20" }
      - { series: 'tagger_last_sign_age_seconds{part="training"}', values: "20x20" }
    alert_rule_test:
      - { eval_time: 6m, alertname: TaggerWebhookFailed }
      - eval_time: 8m
        alertname: TaggerWebhookFailed
        exp_alerts: [{ exp_labels: { severity: warning }, exp_annotations: %s }]
      - { eval_time: 9m, alertname: TaggerSilent }
      - eval_time: 15m
        alertname: TaggerSilent
        exp_alerts: [{ exp_labels: { severity: critical, part: tagging }, exp_annotations: %s }]
"""


def alerts() -> list[str]:
    """Each alert's own lines."""
    return re.split(r"^      - alert: ", ALERTS, flags=re.MULTILINE)[1:]


def expressions(panels: list[dict[str, Any]]) -> Iterator[str]:
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", ()))
        yield from expressions(panel.get("panels", []))


def promtool(folder: Path, *arguments: str) -> None:
    """Run it in a folder; what it finds wrong fails the test."""
    checked = subprocess.run(
        ["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def annotations(name: str, values: dict[str, str]) -> str:
    """What an alert says, as a YAML mapping, with values in place of its templates."""
    (alert,) = (one for one in alerts() if one.startswith(f"{name}\n"))
    summary = re.findall(r'summary: "(.*)"', alert)[0]
    for template, value in values.items():
        summary = summary.replace(f"{{{{ {template} }}}}", value)
    description = " ".join(alert.split("description: >-\n")[1].split())
    return json.dumps({"summary": summary, "description": description})


@needs_promtool
def test_promtool_takes_the_configuration_and_the_rules(tmp_path: Path) -> None:
    for name in ("prometheus.yml", "alerts.yml"):
        text = (FOLDER / name).read_text()
        (tmp_path / name).write_text(text.replace("/tmp/metrics-token", "token"))
    (tmp_path / "token").touch()
    promtool(tmp_path, "check", "config", "prometheus.yml")


@needs_promtool
def test_alerts_fire_when_they_should_and_say_of_what(tmp_path: Path) -> None:
    (tmp_path / "alerts.yml").write_text(ALERTS)
    failed = annotations("TaggerWebhookFailed", {"$value": "3"})
    age = {"$labels.part": "tagging", "$value | humanizeDuration": "15m 20s"}
    tests = FIRING % (failed, annotations("TaggerSilent", age))
    (tmp_path / "tests.yml").write_text(tests)
    promtool(tmp_path, "test", "rules", "tests.yml")


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
    assert {"tagger_last_sign_age_seconds", "tagger_outgoing_events_failed"} <= named


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
            assert [target["refId"] for target in panel["targets"]] == ["A", "B", "C"][
                : len(panel["targets"])
            ]


def test_the_provisioning_names_the_source_and_the_folder_that_the_composition_mounts() -> None:
    provisioning = FOLDER / "grafana/provisioning"
    assert "uid: tagger-prometheus" in (provisioning / "datasources/prometheus.yml").read_text()
    assert "path: /etc/dashboards" in (provisioning / "dashboards/tagger.yml").read_text()
    composition = (FOLDER.parent / "docker-compose.yml").read_text()
    assert "./monitoring/grafana/dashboard.json:/etc/dashboards/dashboard.json:ro" in composition
