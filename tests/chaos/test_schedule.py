"""Which faults come, and that a seed says all of it."""

from itertools import islice

import pytest

from tests.chaos.schedule import Hit, kinds_of, schedule


def first(seed: int, database: str, number: int) -> list[Hit]:
    return list(islice(schedule(seed, database), number))


def test_a_seed_gives_the_same_faults_and_the_same_chance_each_time() -> None:
    once, again, other = (first(seed, "sqlite", 80) for seed in (7, 7, 8))
    assert once == again
    assert [hit.chance().random() for hit in once] == [hit.chance().random() for hit in again]
    assert [hit.fault for hit in once] != [hit.fault for hit in other]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_each_kind_of_a_database_comes_once_before_any_comes_again(database: str) -> None:
    kinds = kinds_of(database, "redis")
    hits = first(3, database, 2 * len(kinds))
    for turn in (hits[: len(kinds)], hits[len(kinds) :]):
        assert sorted(hit.fault.name for hit in turn) == sorted(fault.name for fault in kinds)


def test_faults_can_be_chosen_by_their_names() -> None:
    names = {hit.fault.name for hit in islice(schedule(1, "sqlite", "poller"), 9)}
    assert names == {"the poller killed", "the poller stopped", "two pollers"}
    with pytest.raises(SystemExit, match="There are: a worker killed"):
        next(schedule(1, "sqlite", "Postgres"))
