import pytest

from core import console
from core.errors import BrokerRefused, DatabaseMissing, SchemaOutdated, TaggerError
from ops.doctor.finding import Finding, from_error

OUTDATED = SchemaOutdated("Upgrade 12. See line 3. Too new.", "Install the newer version.")


def test_a_finding_has_the_parts_of_its_error_whatever_their_words() -> None:
    found = from_error("database", OUTDATED)
    assert found.seen == "Upgrade 12. See line 3. Too new"
    assert found.fix == "Install the newer version."


def test_a_fix_that_is_known_better_takes_the_advices_place() -> None:
    assert from_error("database", OUTDATED, "Wait.").fix == "Wait."


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (DatabaseMissing("There is none.", "Set it."), "Set it. (try this)"),
        (BrokerRefused("No."), ""),
    ],
)
def test_what_a_person_can_type_follows_the_advice(
    monkeypatch: pytest.MonkeyPatch, error: TaggerError, fix: str
) -> None:
    monkeypatch.setitem(console.hints, DatabaseMissing, "(try this)")
    assert from_error("broker", error) == Finding("broker", "error", error.fault[:-1], fix)
