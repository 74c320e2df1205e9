"""Health and trouble are told apart."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.service.feeds import FeedStatus
from core.service.health import find_troubles, health_of
from core.service.signs import PartStatus, State
from core.service.status import LastTraining, SiteStatus

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def part(name: str, state: State = "running", *, minutes: float = 0, **more: Any) -> PartStatus:
    at = NOW - timedelta(minutes=minutes)
    told = {
        "ended": None,
        "waits_for": None,
        "memory_bytes": None,
        "memory_limit": None,
        "version": None,
    } | more
    return PartStatus(name, at, state=state, **told)


def site(*, oldest: timedelta | None = None, parked: int = 0, failed: str = "") -> SiteStatus:
    run = LastTraining(NOW, NOW, "failed", failed, None, None) if failed else None
    pending = NOW - oldest if oldest else None
    live: Any = "a version"
    return SiteStatus("stats", 9, None, 9, int(bool(oldest)), pending, parked, live, run, None)


def feed(failures: int) -> FeedStatus:
    last = NOW - timedelta(minutes=20)
    told = (last, 100, False, last, "no readable answer", NOW, failures, NOW)
    return FeedStatus("stats", "live", *told, paused_until=NOW, pause_reason="no answer")


ALIVE = [part("tagging@a"), part("scheduler@a"), part("poller@a"), part("training@a")]


def look(
    parts: list[PartStatus] = ALIVE, *, broker_error: str | None = None, **more: Any
) -> tuple[str, list[str]]:
    given: dict[str, Any] = {"sites": [], "feeds": [], "further": []} | more
    found = find_troubles(parts=parts, broker_error=broker_error, now=NOW, **given)
    return health_of(found), [trouble.what for trouble in found]


def test_all_is_well_where_nothing_is_wrong() -> None:
    patient = site(oldest=timedelta(minutes=20))
    assert look(sites=[patient], feeds=[feed(0), feed(1)]) == ("ok", [])


def test_a_poller_whose_api_gives_no_answer_is_well_and_has_trouble() -> None:
    health, told = look(feeds=[feed(7)])
    assert health == "degraded"
    assert told == [
        (
            "stats, feed live: without an answer since 2026-01-01 11:40, after 7 tries: "
            "no readable answer"
        )
    ]


@pytest.mark.parametrize(
    ("gone", "health", "says"),
    [
        ("tagging@a", "down", "no worker tags since 2026-01-01 11:57 without a word"),
        ("scheduler@a", "degraded", "the scheduler does not run since 2026-01-01 11:57"),
        ("poller@a", "degraded", "no poller runs since 2026-01-01 11:57"),
        ("training@a", "degraded", "no trainer runs since 2026-01-01 11:57"),
    ],
)
def test_a_part_that_is_gone_is_missed(gone: str, health: str, says: str) -> None:
    others = [one for one in ALIVE if one.name != gone]
    found, told = look([*others, part(gone, "silent", minutes=3)])
    assert (found, told[0].startswith(says)) == (health, True)


def test_who_never_ran_is_missed_where_nothing_goes_on_without_it() -> None:
    health, told = look([])
    assert (health, told) == ("down", ["no worker tags", "the scheduler does not run"])


@pytest.mark.parametrize(
    ("another", "says"),
    [
        (part("tagging@b", "silent", minutes=3), "tagging@b is gone since 2026-01-01 11:57"),
        (part("tagging@b", "ended", ended="It was deaf."), "tagging@b is gone since .*deaf"),
        (part("tagging@b", "waiting", waits_for="the broker"), "tagging@b waits for the broker"),
        (
            part("tagging@b", memory_bytes=95_000_000, memory_limit=100_000_000),
            "tagging@b is near its limit: 95 of 100 MB",
        ),
        (part("tagging@b", "stopped", minutes=3), None),
        (part("tagging@b", "silent", minutes=100), None),  # most likely taken away
        (part("tagging@b", memory_bytes=50_000_000, memory_limit=100_000_000), None),
    ],
)
def test_one_of_several_parts_may_need_a_look(another: PartStatus, says: str | None) -> None:
    health, told = look([*ALIVE, another])
    if says is None:
        assert (health, told) == ("ok", [])
    else:
        assert health == "degraded"
        assert re.match(says, told[0])


@pytest.mark.parametrize(
    ("troubled", "says"),
    [
        (site(oldest=timedelta(minutes=90)), "stats: a question has been pending for 90 minutes"),
        (site(parked=2), "stats: questions that cannot be tagged: 2"),
        (site(failed="too few tags"), "stats: the last training failed: too few tags"),
    ],
)
def test_a_site_may_need_a_look(troubled: SiteStatus, says: str) -> None:
    assert look(sites=[troubled]) == ("degraded", [says])


def test_what_else_is_wrong_needs_a_look_too() -> None:
    assert look(further=["The backup failed."]) == ("degraded", ["The backup failed."])


def test_without_the_broker_nothing_is_tagged_and_that_comes_first() -> None:
    health, told = look(feeds=[feed(7)], broker_error="The broker is away.")
    assert health == "down"
    assert told[0] == "The broker is away."
