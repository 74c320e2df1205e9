"""Runs all checks, each by itself: one that fails is a finding, and keeps no other from running."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from core.errors import TaggerError
from ops.doctor.api import check_api, check_feeds
from ops.doctor.broker import check_broker
from ops.doctor.clock import check_clock
from ops.doctor.context import CheckContext, NotChecked
from ops.doctor.database import check_backups, check_database, check_site_names
from ops.doctor.finding import Finding, from_error
from ops.doctor.machine import check_disk
from ops.doctor.memory import check_memory
from ops.doctor.models import check_models, check_tagging
from ops.doctor.services import check_services
from ops.doctor.teacher import check_teacher

log = logging.getLogger(__name__)

Check = Callable[[CheckContext], Iterator[Finding]]

# By what they are about, in the order in which one thing keeps the next from being looked at.
CHECKS: Final[Mapping[str, Check]] = {
    "disk": check_disk,
    "database": check_database,
    "broker": check_broker,
    "API": check_api,
    "clock": check_clock,
    "services": check_services,
    "memory": check_memory,
    "models": check_models,
    "teacher": check_teacher,
    "tagging": check_tagging,
    "feeds": check_feeds,
    "sites": check_site_names,
    "backups": check_backups,
}


def examine(context: CheckContext, checks: Mapping[str, Check] = CHECKS) -> Iterator[Finding]:
    """Run them all; what each finds comes as it is found."""
    for subject, check in checks.items():
        try:
            yield from check(context)
        except NotChecked as error:
            yield Finding(subject, "warning", f"not checked: {error}", "See the database above")
        except TaggerError as error:
            yield from_error(subject, error)
        except Exception as error:
            log.debug("the check of %s failed", subject, exc_info=True)
            seen = f"the check itself failed: {type(error).__name__}: {error}"
            fix = "Report it, with what TAGGER_LOG_LEVEL=debug shows: tagger doctor"
            yield Finding(subject, "error", seen, fix)
