"""`tagger doctor`: what is wrong, and what fixes it."""

from contextlib import closing
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from core.clock import SystemClock
from core.console import command, json_option, out, plain, print_json, probes, progress
from core.log import set_up_logging
from core.settings import DEFAULTS
from ops.doctor.configuration import check_names, read_settings
from ops.doctor.context import CheckContext
from ops.doctor.examine import CHECKS, examine
from ops.doctor.finding import EXIT_STATUS, Finding, Severity, worst

_COLOURS: Final[dict[Severity, str]] = {"ok": "green", "warning": "yellow", "error": "red"}


@command
def doctor(
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the API, which takes one of its requests.")
    ] = False,
    env_file: Annotated[
        list[Path] | None,
        typer.Option(help="A file such as .env, whose names are to be settings; can be repeated."),
    ] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Look for what commonly goes wrong, and say what fixes it.

    Nothing is made or changed, but for the record of the one request of the API. The exit status is
    0 where all is well, 1 with a warning, 2 with an error.

    Example: tagger doctor --json
    """
    findings = _examine(env_file or [], offline=offline)
    findings.sort(key=lambda one: -EXIT_STATUS[one.severity])
    severity = worst(findings)
    if as_json:
        print_json({"severity": severity, "findings": [asdict(one) for one in findings]})
    else:
        out.print(findings_table(findings))
    raise typer.Exit(EXIT_STATUS[severity])


def _examine(env_files: list[Path], *, offline: bool) -> list[Finding]:
    settings = read_settings()
    if isinstance(settings, Finding):  # by which all others would look
        set_up_logging(DEFAULTS, part="doctor")
        return [settings, *(one for one in check_names(env_files) if one.severity != "ok")]
    set_up_logging(settings, part="doctor")
    context = CheckContext(
        settings,
        SystemClock(),
        None if offline else probes.get("api"),
        probe_teacher=probes.get("teacher"),
    )
    found = list(check_names(env_files))
    with closing(context), progress("Looking", total=len(CHECKS)) as bar:
        for subject, check in CHECKS.items():
            found += examine(context, {subject: check})
            bar.advance(bar.task_ids[0])
    return found


def findings_table(findings: list[Finding]) -> Table:
    """One row for each of them but those that say the same; what fixes it stands below."""
    table = Table("", "subject", "what was seen, and what fixes it", show_lines=False)
    alike = groupby(findings, key=lambda one: (one.severity, one.seen, one.fix))
    for (severity, seen, fix), group in alike:
        colour, subjects = _COLOURS[severity], "\n".join(one.subject for one in group)
        told = plain(seen) + (f"\n[bold]→ {plain(fix)}[/bold]" if fix else "")
        table.add_row(f"[{colour}]{severity}[/{colour}]", subjects, told)
    return table
