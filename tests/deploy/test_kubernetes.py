"""What ships for Kubernetes names what there is, and scales by what is pending."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from sqlalchemy import make_url, text

import tagger
from core.database.engine import make_engine
from core.errors import DatabaseForbidden
from core.settings import PREFIX, Settings
from ops.roles import SERVICE
from tests.models import word_bundle
from tests.processes import environment, run_tagger
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


def containers(spec: dict[str, Any]) -> list[Any]:
    """All that a pod runs, with what runs first."""
    pod = spec["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


def secrets_of(container: dict[str, Any]) -> set[str]:
    return {one["secretRef"]["name"] for one in container["envFrom"] if "secretRef" in one}


def literals(secret: str) -> dict[str, str]:
    """What the head of the manifest puts into a secret."""
    head = (FOLDER / "tagger.yaml").read_text().split("apiVersion")[0]
    created = head.split(f"secret generic {secret} ")[1].split("kubectl")[0]
    return dict(re.findall(r"--from-literal=(\w+)=(\S+)", created))


@pytest.mark.parametrize("spec", pods())
def test_a_pod_runs_a_command_of_ours_as_nobody_that_could_write_elsewhere(
    spec: dict[str, Any],
) -> None:
    pod = spec["template"]["spec"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert pod["securityContext"]["runAsNonRoot"]
    for container in containers(spec):
        assert container["args"][0] in COMMANDS
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["resources"]["limits"]["memory"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {
            volume["name"] for volume in pod["volumes"]
        }


@pytest.mark.parametrize("spec", pods())
def test_a_pod_is_told_settings_that_there_are(spec: dict[str, Any]) -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for container in containers(spec):
        told = [*objects()["ConfigMap", "tagger"]["data"]]
        told += [variable["name"] for variable in container.get("env", [])]
        told += [name for secret in secrets_of(container) for name in literals(secret)]
        assert set(told) <= known
        assert {"configMapRef": {"name": "tagger"}} in container["envFrom"]


def test_services_are_given_the_role_that_changes_no_table_and_migrate_alone_the_owner() -> None:
    given = {
        container["name"]: secrets_of(container)
        for pod in pods()
        for container in containers(pod.values[0])
    }
    assert given.pop("migrate") == {"tagger-owner"}
    assert all(secrets == {"tagger"} for secrets in given.values())
    assert f"//{SERVICE}:SERVICE_PASSWORD@" in literals("tagger")["TAGGER_DATABASE_URL"]


@pytest.mark.postgres
@pytest.mark.slow
def test_what_the_two_secrets_say_makes_the_tables_and_lets_services_use_them(
    postgres_url: str, tmp_path: Path
) -> None:
    (migrate,) = objects()["Deployment", "scheduler"]["spec"]["template"]["spec"]["initContainers"]
    password = literals("tagger-owner")["TAGGER_DATABASE_SERVICE_PASSWORD"]
    url = make_url(postgres_url).set(username=SERVICE, password=password)
    as_service = url.render_as_string(hide_password=False)
    owner = environment(
        data_dir=tmp_path, database_url=postgres_url, database_service_password=password
    )
    service = environment(data_dir=tmp_path, database_url=as_service)
    assert run_tagger("poll", "--once", env=service).returncode == 1
    migrated = run_tagger(*migrate["args"], env=owner)
    assert migrated.returncode == 0, migrated.stderr
    listed = run_tagger("parked", "list", env=service)
    assert listed.returncode == 0, listed.stderr
    engine = make_engine(as_service)
    with engine.connect() as connection:
        assert connection.execute(text(scaling_query())).scalar_one() == 0
        with pytest.raises(DatabaseForbidden):
            connection.execute(text("DROP TABLE questions"))
    engine.dispose()


def test_the_page_lives_while_its_process_answers_and_is_ready_where_its_database_does() -> None:
    (page,) = objects()["Deployment", "review"]["spec"]["template"]["spec"]["containers"]
    asked = [page[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")]
    assert asked == ["/healthz", "/readyz"]


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


def scaling_query() -> str:
    (trigger,) = objects()["ScaledObject", "worker"]["spec"]["triggers"]
    return str(trigger["metadata"]["query"])


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
    with engine.begin() as connection:
        (row,) = connection.execute(text(scaling_query())).all()
    assert tuple(row) == (6,)
    engine.dispose()
