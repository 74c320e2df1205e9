"""What `tagger status` prints for people."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.agreement.drift import FoundDrift
from core.service.status import SiteStatus
from core.settings import Settings
from ops.status_view import drift_lines, sites_table

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
STATS = SiteStatus(
    site="stats",
    questions=210_000,
    trainable=200_000,
    tagged=205_000,
    pending=5_000,
    oldest_pending=NOW - timedelta(minutes=3),
    parked=1_234,
    live=None,
    last_training=None,
    last_version=None,
)


def row_of(site: SiteStatus) -> list[object]:
    table = sites_table([site], Settings(), now=NOW)
    return [cell for column in table.columns for cell in column.cells]


def test_a_row_tells_how_far_a_site_s_tagging_has_come() -> None:
    counts = ["210,000", "205,000", "5,000 (oldest 3 min)", "1,234"]
    assert row_of(STATS) == ["stats", *counts, "none: the trainer makes one", "never"]


def test_a_site_without_a_model_says_what_it_waits_for() -> None:
    missing = f"{Settings().min_questions - 1:,}"
    (*_, waits, _) = row_of(replace(STATS, trainable=1))
    assert waits == f"none: trains by itself with {missing} more settled questions"


def test_a_drift_says_what_was_found_and_what_to_do() -> None:
    drift = FoundDrift("stats", 3, datetime(2026, 1, 20, 12, tzinfo=UTC), "precision@1 0.20")
    (line,) = drift_lines([drift], retrains=True)
    assert line == (
        "stats, drift of model version 3, found 2026-01-20 12:00: precision@1 0.20 "
        "(a training was requested; manually: tagger train --site stats)"
    )
    (line,) = drift_lines([drift], retrains=False)
    assert line.endswith("(train a new model: tagger train --site stats)")
