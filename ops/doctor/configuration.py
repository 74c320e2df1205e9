"""Settings: values that are wrong, and names that are none."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import SettingsError
from core.settings import Settings, load_settings, misspelt_variables
from ops.doctor.finding import Finding, from_error

SUBJECT = "settings"


def read_settings() -> Settings | Finding:
    """The settings, or what is wrong with them."""
    try:
        return load_settings()
    except SettingsError as error:
        return from_error(SUBJECT, error)


def check_names(files: Sequence[Path]) -> Iterator[Finding]:
    """Look for names in the environment and in files that look like settings and are none."""
    misspelt = misspelt_variables(*files)
    for line in misspelt:
        seen, _, meant = line.partition(": ")
        yield Finding(SUBJECT, "warning", seen, f"Correct its name, or remove it: {meant}")
    if not misspelt:
        yield Finding(SUBJECT, "ok", "every value is one that its setting takes")
