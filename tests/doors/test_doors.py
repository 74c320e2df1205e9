"""Hostile bytes end in a clear error or are read, whatever door they come by; see also fuzz.py."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doors.doors import DOORS, Door
from tests.doors.fuzz import Findings, try_one
from tests.doors.mutate import mutated

SEVERAL = settings(max_examples=15, deadline=None)


@pytest.mark.parametrize("name", DOORS)
def test_honest_bytes_go_through(name: str) -> None:
    for seed in DOORS[name].seeds:
        DOORS[name].enter(seed)


@pytest.mark.parametrize("name", DOORS)
@SEVERAL
@given(number=st.integers(0, 2**32))
def test_what_is_made_of_them_is_read_or_refused(name: str, number: int) -> None:
    rng = random.Random(number)
    DOORS[name].enter(mutated(rng.choice(DOORS[name].seeds), rng)[:20_000])


@pytest.mark.parametrize("name", DOORS)
@SEVERAL
@given(data=st.binary(max_size=500))
def test_any_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    DOORS[name].enter(data)


def test_what_is_found_is_kept_once_for_each_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enter(data: bytes) -> None:
        if data.startswith(b"bad"):
            raise RuntimeError(data)

    monkeypatch.setitem(DOORS, "text", Door((b"good",), enter))
    found = Findings(tmp_path)
    for data in (b"good", b"bad 1", b"bad 2"):
        try_one("text", data, found)
    assert found.inputs == 3
    (where,) = found.faults
    assert where.startswith("RuntimeError at test_doors.py:")
    assert (tmp_path / "text-0").read_bytes() == b"bad 1"
