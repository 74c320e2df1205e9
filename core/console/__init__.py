"""What all commands share: the terminal, the settings they run with, errors in one line."""

from core.console.commands import (
    FAILURE,
    command,
    end_on_sigterm,
    fail,
    hint_of,
    hints,
    start,
    with_hint,
)
from core.console.completion import complete_tags, complete_versions
from core.console.databases import open_database, open_existing_database
from core.console.options import (
    any_site_option,
    check_known,
    json_option,
    new_site_option,
    one_site_option,
    only_set_site,
    question_files_argument,
    since_option,
    site_option,
    stored_site,
    stored_site_option,
)
from core.console.probes import ApiProbe, AskApi, ProbeTeacher, probes
from core.console.terminal import bytes_progress, err, out, plain, print_json, progress
from core.console.usage import PlainGroup

__all__ = [
    "FAILURE",
    "ApiProbe",
    "AskApi",
    "PlainGroup",
    "ProbeTeacher",
    "any_site_option",
    "bytes_progress",
    "check_known",
    "command",
    "complete_tags",
    "complete_versions",
    "end_on_sigterm",
    "err",
    "fail",
    "hint_of",
    "hints",
    "json_option",
    "new_site_option",
    "one_site_option",
    "only_set_site",
    "open_database",
    "open_existing_database",
    "out",
    "plain",
    "print_json",
    "probes",
    "progress",
    "question_files_argument",
    "since_option",
    "site_option",
    "start",
    "stored_site",
    "stored_site_option",
    "with_hint",
]
