from datetime import UTC, datetime

from core.agreement.drift import FoundDrift
from ops.status_view import drift_lines


def test_a_drift_says_what_was_found_and_what_to_do() -> None:
    drift = FoundDrift("stats", 3, datetime(2026, 1, 20, 12, tzinfo=UTC), "precision@1 0.20")
    (line,) = drift_lines([drift], retrains=True)
    assert line == (
        "stats, drift of model version 3, found 2026-01-20 12:00: precision@1 0.20 "
        "(a training was requested; manually: tagger train --site stats)"
    )
    (line,) = drift_lines([drift], retrains=False)
    assert line.endswith("(train a new model: tagger train --site stats)")
