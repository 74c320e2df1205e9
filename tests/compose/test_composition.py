"""docker-compose with the demo profile, as a user would run it from a clean checkout."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Container, Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.processes import wait_until

pytestmark = [pytest.mark.compose, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
PROJECT = f"taggertest{os.getpid()}"
REVIEW_PORT = str(free_port())
SBOM = "/usr/share/sbom/tagger.cdx.json"
README = [
    line
    for line in (ROOT / "README.md").read_text().splitlines()
    if line.startswith("docker-compose ")
]
SCALING = (ROOT / "docs/scaling.md").read_text()
SERVICES = {
    "db", "redis", "poller", "worker", "trainer", "scheduler", "review", "demo-site", "demo-poller",
}  # fmt: skip


def run(*arguments: str, timeout: float = 900, statuses: Container[int] = (0,)) -> str:
    """Run a command with the settings of this test; return what it printed."""
    # The made-up site's 800 new questions last twenty minutes: a slow machine takes ten until three
    # workers run, who are to have something to share.
    settings = {
        "DEMO_PER_MINUTE": "40",
        "TAGGER_MIN_QUESTIONS": "2000",
        "REVIEW_PORT": REVIEW_PORT,
    }
    done = subprocess.run(
        arguments,
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode in statuses, done.stdout + done.stderr
    return done.stdout


def compose(*arguments: str, timeout: float = 900, statuses: Container[int] = (0,)) -> str:
    """Run docker-compose on the project of this test; return what it printed."""
    command = ("docker-compose", "-p", PROJECT, "--profile", "demo", *arguments)
    return run(*command, timeout=timeout, statuses=statuses)


def type_line(line: str, *, statuses: Container[int] = (0,)) -> str:
    """Run a document's line as it stands, on this test's project, at a terminal."""
    ours = line.replace("docker-compose", f"docker-compose -p {PROJECT}", 1)
    return run("script", "-qec", ours, "/dev/null", statuses=statuses)


def query(sql: str) -> int:
    """The one number that a query on the composition's Postgres gives."""
    psql = ("exec", "-T", "db", "psql", "-U", "tagger", "-Atc", sql)
    return int(compose(*psql))


def states() -> dict[str, list[str]]:
    """Of each service, what Docker says of its containers' health, or their state."""
    found: dict[str, list[str]] = {}
    for container in json.loads(run("docker", "inspect", *compose("ps", "-q").split())):
        service = container["Config"]["Labels"]["com.docker.compose.service"]
        state = container["State"]
        status = state.get("Health", {}).get("Status") or f"{state['Status']} {state['ExitCode']}"
        found.setdefault(service, []).append(status)
    return found


def all_healthy() -> bool:
    found = states()
    done = found.pop("migrate", ["missing"])
    return (
        done == ["exited 0"]
        and {name for name, health in found.items() if set(health) == {"healthy"}} == SERVICES
    )


@pytest.fixture(scope="module")
def composition() -> Iterator[None]:
    try:
        compose("up", "-d", "--build", timeout=1800)
        yield
    finally:
        compose("down", "-v", "--remove-orphans")


TAGGED = "SELECT count(*) FROM predictions"
PENDING = "SELECT count(*) FROM tagging_requests WHERE parked_at IS NULL"


@pytest.mark.timeout(2700)  # with the building of the images
@pytest.mark.usefixtures("composition")
def test_the_composition_tags_scales_and_survives_going_down() -> None:
    wait_until(all_healthy, seconds=300, what="every service is healthy")
    wait_until(lambda: query(TAGGED) > 100, seconds=900, what="100 questions are tagged")

    assert f"http://127.0.0.1:{REVIEW_PORT}/login?token=" in compose("logs", "review")

    scaled, demo, status, results = README
    assert scaled.endswith("up -d --scale worker=3")
    type_line(scaled)
    wait_until(lambda: len(states()["worker"]) == 3, seconds=60, what="three workers run")
    wait_until(all_healthy, seconds=300, what="every worker is healthy")
    wait_until(all_workers_have_tagged, seconds=900, what="three workers share the work")

    type_line(demo)
    # 1: where there is no network, the real site's feeds are something to look at.
    assert "Last backup: " in type_line(status, statuses=(0, 1))
    assert "https://demo.example/questions/" in type_line(results)
    assert query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'tagger_service'") > 3

    compose("down")
    compose("up", "-d")
    questions, tagged = query("SELECT count(*) FROM questions"), query(TAGGED)
    assert questions > 2000
    assert tagged > 100
    wait_until(all_healthy, seconds=300, what="every service is healthy again")
    wait_until(lambda: query(PENDING) == 0, seconds=300, what="nothing is pending")
    assert query(TAGGED) >= tagged
    assert query("SELECT count(*) FROM tag_suggestions WHERE site = 'demo'") > 0
    assert query("SELECT count(*) - count(DISTINCT question_pk) FROM predictions") == 0
    assert query("SELECT count(*) FROM killed_processes") == 0


def all_workers_have_tagged() -> bool:
    lines = compose("logs", "--no-color", "worker").splitlines()
    return len({line.split("|")[0] for line in lines if " tagged," in line}) == 3


@pytest.fixture
def private_network() -> Iterator[tuple[str, str]]:
    """A network apart from the composition's, and this host's address in it."""
    name = f"{PROJECT}elsewhere"
    run("docker", "network", "create", name)
    try:
        form = "{{(index .IPAM.Config 0).Gateway}}"
        yield name, run("docker", "network", "inspect", "--format", form, name).strip()
    finally:
        run("docker", "network", "rm", name)


@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("composition")
def test_a_worker_on_another_host_needs_two_addresses_as_the_document_says(
    private_network: tuple[str, str], tmp_path: Path
) -> None:
    network, address = private_network
    wait_until(lambda: query(TAGGED) > 100, seconds=900, what="100 questions are tagged")
    (override,) = re.findall(r"```yaml\n(services:\n  db:.*?)```", SCALING, re.DOTALL)
    file = tmp_path / "docker-compose.override.yml"
    file.write_text(override.replace("10.0.0.1", address))
    published = ("-f", str(ROOT / "docker-compose.yml"), "-f", str(file))
    run("docker-compose", "-p", PROJECT, *published, "--profile", "demo", "up", "-d")
    compose("stop", "worker")

    database, broker = re.findall(r"`(\w[\w+]*://\S*PASSWORD@10\.0\.0\.1\S*)`", SCALING)
    database = database.replace("PASSWORD", "inside-only-service").replace("10.0.0.1", address)
    broker = broker.replace("PASSWORD", "inside-only").replace("10.0.0.1", address)
    addresses = {"TAGGER_DATABASE_URL": database, "TAGGER_BROKER_URL": broker}
    given = [f"--env={name}={value}" for name, value in addresses.items()]
    elsewhere = ("docker", "run", "--detach", "--network", network, *given, "tagger", "worker")
    worker = run(*elsewhere).strip()
    try:
        compose("exec", "-T", "review", "tagger", "tag", "--site", "demo", "--all")
        wait_until(lambda: query(PENDING) == 0, seconds=300, what="nothing is pending")
        assert " tagged," in run("sh", "-c", f"docker logs {shlex.quote(worker)} 2>&1")
    finally:
        run("docker", "rm", "--force", worker)


@pytest.mark.timeout(600)
def test_a_typo_in_a_setting_ends_up_at_once_with_the_reason_on_the_terminal() -> None:
    project = f"docker-compose -p {PROJECT}typo"
    environment = {**os.environ, "TAGGER_POLL_SECONDS": "abc"}

    def tried(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    try:
        up = tried("make", "--silent", "up", f"COMPOSE={project}", "UP=scheduler")  # it would hang
    finally:
        tried(*project.split(), "down", "-v", "--remove-orphans")
    assert up.returncode != 0
    assert "TAGGER_POLL_SECONDS: it takes a number from 1 to 86,400" in up.stdout + up.stderr


def test_the_review_page_alone_is_published_on_this_host_alone_and_nobody_is_root() -> None:
    services = re.split(r"^  (?=\w)", compose("config").split("\nvolumes:")[0], flags=re.MULTILINE)
    published = {
        text.split(":")[0]: re.findall(r"^ +- (.*)/tcp$", text, re.MULTILINE)
        for text in services
        if "ports:" in text
    }
    assert published == {
        "review": [f"127.0.0.1:{REVIEW_PORT}:8080"],
        "prometheus": ["127.0.0.1:9090:9090"],  # these two only with the profile monitoring
        "grafana": ["127.0.0.1:3000:3000"],
    }
    for image in ("tagger", "tagger-trainer"):
        assert run("docker", "run", "--rm", "--entrypoint", "id", image, "-u").strip() != "0"


def test_workers_run_without_tensorflow() -> None:
    probe = "import importlib.util as u; print(u.find_spec('tensorflow'), u.find_spec('sklearn'))"
    found = run("docker", "run", "--rm", "--entrypoint", "python", "tagger", "-c", probe)
    assert found.split() == ["None", "None"]


def test_the_images_list_what_is_in_them() -> None:
    for image, least in (("tagger", 50), ("tagger-trainer", 70)):
        found = json.loads(run("docker", "run", "--rm", "--entrypoint", "cat", image, SBOM))
        assert found["bomFormat"] == "CycloneDX"
        assert len(found["components"]) >= least
