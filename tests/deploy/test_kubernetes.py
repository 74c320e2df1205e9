"""What ships for Kubernetes names what there is, and scales by what is pending."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from sqlalchemy import text

import tagger
from core.database.engine import make_engine
from core.settings import PREFIX, Settings
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions

COMMANDS = typer.main.get_command(tagger.make_app()).commands  # type: ignore[attr-defined]
FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"


@cache
def objects() -> dict[tuple[str, str], dict[str, Any]]:
    """All objects, by kind and name."""
    files = sorted(FOLDER.glob("*.yaml"))
    found = [one for file in files for one in yaml.safe_load(file.read_text())["items"]]
    named = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(named) == len(found)
    return named


def pods() -> list[Any]:
    names = [name for kind, name in objects() if kind == "Deployment"]
    return [pytest.param(objects()["Deployment", name]["spec"], id=name) for name in names]


@pytest.mark.parametrize("spec", pods())
def test_a_pod_runs_a_command_of_ours_as_nobody_that_could_write_elsewhere(
    spec: dict[str, Any],
) -> None:
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"][0] in COMMANDS
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["resources"]["limits"]["memory"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }


@pytest.mark.parametrize("spec", pods())
def test_a_pod_is_told_settings_that_there_are(spec: dict[str, Any]) -> None:
    (container,) = spec["template"]["spec"]["containers"]
    told = [*objects()["ConfigMap", "tagger"]["data"]]
    told += [variable["name"] for variable in container.get("env", [])]
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert set(told) <= known
    assert container["envFrom"] == [
        {"configMapRef": {"name": "tagger"}},
        {"secretRef": {"name": "tagger"}},
    ]


def test_claims_and_the_scaled_deployment_are_there() -> None:
    claimed = [
        volume["persistentVolumeClaim"]["claimName"]
        for kind, name in objects()
        if kind == "Deployment"
        for volume in objects()[kind, name]["spec"]["template"]["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    ]
    assert {name for kind, name in objects() if kind == "PersistentVolumeClaim"} == set(claimed)
    target = objects()["ScaledObject", "worker"]["spec"]["scaleTargetRef"]["name"]
    assert "replicas" not in objects()["Deployment", target]["spec"]


def test_workers_are_scaled_by_what_is_pending_and_could_be_tagged(
    migrated_postgres_url: str,
) -> None:
    engine = make_engine(migrated_postgres_url)
    now = datetime.now(UTC)
    publish_live(engine, word_bundle(), now=now)
    store_questions(engine, *(question(number) for number in range(7)), now=now)
    store_questions(engine, question(1, site="ai"), now=now)  # which has no model
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE tagging_requests SET parked_at = now() WHERE question_pk = 1")
        )
    (trigger,) = objects()["ScaledObject", "worker"]["spec"]["triggers"]
    with engine.begin() as connection:
        (row,) = connection.execute(text(trigger["metadata"]["query"])).all()
    assert tuple(row) == (6,)
    engine.dispose()
