"""What a check has found."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from core.console import with_hint
from core.errors import TaggerError

Severity = Literal["ok", "warning", "error"]

EXIT_STATUS: Final[dict[Severity, int]] = {"ok": 0, "warning": 1, "error": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what it is about, as `database`.
        severity: `error` is what keeps the service from its work, `warning` what will or may.
        seen: what was found, in a line.
        fix: what to do about it, in a line that ends with a command where one does it; empty
            where all is well.
    """

    subject: str
    severity: Severity
    seen: str
    fix: str = ""


# Where a message of the project's turns from what is wrong to what to do.
_ADVICE: Final = re.compile(
    r"\.\s+(?=(?:Start|Set|Install|Correct|Let|Make|Check|See|Put|Upgrade|Delete|Fix|Rename|Remove"
    r"|There is one in|It is locked|Another program|The folder|The file)\b|\()"
)


def from_error(subject: str, error: TaggerError, fix: str = "") -> Finding:
    """An error as a finding: what it says of the fault, and what to do unless that is given."""
    seen, *advice = _ADVICE.split(with_hint(error), maxsplit=1)
    told = fix or (advice[0] if advice else "")
    return Finding(subject, "error", seen.rstrip("."), told)


def worst(findings: Iterable[Finding]) -> Severity:
    """The severity of what is worst among them."""
    return max((one.severity for one in findings), key=EXIT_STATUS.__getitem__, default="ok")
