"""What a check has found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from core.console import hint_of
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


def from_error(subject: str, error: TaggerError, fix: str = "") -> Finding:
    """An error as a finding: its fault, and its advice unless another one is given."""
    advice = fix or f"{error.advice} {hint_of(error)}".strip()
    return Finding(subject, "error", error.fault.rstrip("."), advice)


def worst(findings: Iterable[Finding]) -> Severity:
    """The severity of what is worst among them."""
    return max((one.severity for one in findings), key=EXIT_STATUS.__getitem__, default="ok")
