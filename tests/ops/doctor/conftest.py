"""What the checks are tried on: a service with real servers, whose faults each test makes."""

import re
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from core.clock import Clock, SystemClock
from core.console import AskApi
from core.errors import BrokerUnreachable
from core.settings import Settings
from ops.doctor.context import BrokerFacts, CheckContext
from ops.doctor.examine import CHECKS, examine
from ops.doctor.finding import Finding
from ops.service_state import BrokerState
from tests.commands import arguments_of, check_arguments

Look = Callable[..., list[Finding]]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Look:
    """Returns what one check finds: look("broker", broker_url=…, database_url=…)."""

    # Workers that are asked by way of the broker have a second for their answers.
    monkeypatch.setattr("ops.doctor.context.ask_broker", lambda _: BrokerState({}, ()))

    def find(
        subject: str,
        *,
        clock: Clock | None = None,
        ask_api: AskApi | None = None,
        **settings: object,
    ) -> list[Finding]:
        if "broker_url" not in settings:  # two seconds until it is given up
            monkeypatch.setattr(CheckContext, "broker", _no_broker)
        addresses = {
            name: SecretStr(str(value))
            if value and name in ("broker_url", "database_url")
            else value
            for name, value in settings.items()
        }
        chosen = Settings(**addresses)  # type: ignore[arg-type]
        context = CheckContext(chosen, clock or SystemClock(), ask_api)
        try:
            found = list(examine(context, {subject: CHECKS[subject]}))
        finally:
            context.close()
        for one in found:
            check_fix(one)
        return found

    return find


def _no_broker(_: CheckContext) -> BrokerFacts:
    raise BrokerUnreachable("away")


def check_fix(finding: Finding) -> None:
    """What is wrong is told with what to do; where that is a command, there is such a one."""
    assert (finding.severity == "ok") == (finding.fix == "")
    for command in re.findall(r"(?:^|: )tagger ([a-z].*)$", finding.fix):
        check_arguments(arguments_of(command))
