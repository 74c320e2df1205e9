"""What the composition's file says of its containers' rights, read without Docker."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from core.questions.lifecycle import TASK_SIZES, Priority
from ops.supervisor import STOP_SECONDS
from worker import training

ENCODER_SECONDS = 0.027  # of a question, where a network reads a sentence encoder
ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_gains_rights(name: str) -> None:
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert SERVICES[name]["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_password_stands_in_the_arguments_of_a_process(name: str) -> None:
    """Whoever lists the host's processes would read it."""
    arguments = f"{SERVICES[name].get('entrypoint', '')} {SERVICES[name].get('command', '')}"
    for part in arguments.replace("$$", "").split("${")[1:]:
        assert "PASSWORD" not in part.split("}")[0]
        assert "TOKEN" not in part.split("}")[0]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_to_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


def test_the_owners_password_is_known_to_the_database_and_its_migrations_alone() -> None:
    """Services use a role that changes no table."""
    holders = {name for name in SERVICES if "{POSTGRES_PASSWORD" in str(SERVICES[name])}
    assert holders == {"db", "migrate"}


def test_the_database_ends_its_clients_when_it_is_told_to_stop() -> None:
    """SIGTERM would wait for them, who stay, until it is killed and has to recover."""
    assert SERVICES["db"]["stop_signal"] == "SIGINT"


def test_who_is_told_to_stop_has_time_to_finish_a_task_and_to_end_a_training() -> None:
    needed = {
        "worker": TASK_SIZES[Priority.BACKFILL][0] * ENCODER_SECONDS,
        "trainer": training.STOP_SECONDS,
    }
    for name, seconds in needed.items():
        given = int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
        assert min(STOP_SECONDS, given) >= 1.5 * seconds


@pytest.mark.parametrize("name", ["worker", "review", "trainer"])
def test_who_may_serve_a_sentence_encoder_can_be_given_more_memory(name: str) -> None:
    assert SERVICES[name]["mem_limit"].startswith(f"${{{name.upper()}_MEMORY:-")


def test_the_image_makes_no_volume_of_its_own() -> None:
    """Each container that is made would leave one behind."""
    assert "VOLUME" not in (ROOT / "Dockerfile").read_text()


def test_backups_outlive_their_container_and_are_where_a_restore_finds_them() -> None:
    (place,) = SERVICES["scheduler"]["volumes"]
    assert place.endswith(":/backups")
    assert place in SERVICES["migrate"]["volumes"]
