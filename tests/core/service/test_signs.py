from datetime import timedelta

import pytest
from sqlalchemy import Engine

from core.database.engine import reading
from core.memory import GroupMemory
from core.parts import signs
from core.parts.signs import TOLD_TO_STOP, write_sign
from core.service.signs import kind_of, last_signs, part_statuses
from tests.conftest import ManualClock
from tests.rows import give_signs


def test_the_newest_sign_comes_first(engine: Engine, clock: ManualClock) -> None:
    told = {"tagging@a": 40, "scheduler@a": 5, "training@b": 4_000}
    give_signs(engine, told, now=clock.now())
    with reading(engine) as connection:
        found = last_signs(connection)
    assert list(found) == ["scheduler@a", "tagging@a", "training@b"]
    assert found["scheduler@a"] == clock.now() - timedelta(seconds=5)


def test_a_part_is_known_by_its_name() -> None:
    assert kind_of("training-77@host") == "training"
    assert kind_of("worker2@host") == "tagging"
    assert kind_of("poller@host") == "poller"


def test_each_part_says_what_it_does_or_why_it_does_not(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    give_signs(engine, {"tagging@a": 5, "tagging@b": 200, "tagging@c": 200}, now=now)
    with engine.begin() as connection:
        write_sign(connection, "scheduler@a", now=now, waits_for="the broker")
        write_sign(connection, "poller@a", now=now, ended="There is no site 'statz'.")
        write_sign(connection, "training@a", now=now, ended=TOLD_TO_STOP)
        found = part_statuses(connection, now=now, answering=["tagging@c"])
    assert {part.name: part.state for part in found} == {
        "poller@a": "ended",
        "scheduler@a": "waiting",
        "tagging@a": "running",
        "tagging@b": "silent",
        "tagging@c": "running",
        "training@a": "stopped",
    }
    assert [part.name for part in found if part.lives] == ["scheduler@a", "tagging@a", "tagging@c"]


def test_a_part_says_how_near_its_memory_is_to_the_limit(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signs, "group_memory", lambda: GroupMemory(450, 600))
    with engine.begin() as connection:
        write_sign(connection, "tagging@a", now=clock.now())
        (part,) = part_statuses(connection, now=clock.now())
    assert part.memory_share == 0.75
