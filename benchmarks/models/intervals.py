"""Whether 95% intervals contain the truth in 95 of 100 test parts, by the way they are made.

Run: PYTHONPATH=. python benchmarks/models/intervals.py

Test parts are drawn from made-up sites of 100 tags, one model of which is calibrated and one too
sure. For each metric: its value over the whole site; then, for the intervals of reports and for the
percentile bootstrap, the share of test parts whose interval contains that value, the share whose
interval contains their own estimate, and the mean width.
"""

import numpy as np

from tests.trainer.scoring.coverage import made_up_site, measure_coverage
from trainer.scoring.intervals import Estimate, estimate
from trainer.scoring.metrics import METRICS, Floats, bootstrap_counts

SITE = 20_000  # questions
LABELS = 100
TEST_PARTS = 400
RESAMPLES = 300
COUNTS: dict[int, Floats] = {}


def percentiles(name: str, parts: Floats) -> Estimate:
    """The percentile bootstrap, as it stood in reports before."""
    counts = COUNTS.setdefault(
        len(parts), bootstrap_counts(len(parts), RESAMPLES, seed=0).astype(float)
    )
    metric = METRICS[name]
    low, high = np.quantile(metric.value(counts @ parts), [0.025, 0.975])
    return Estimate(float(metric.value(parts.sum(axis=0))), float(low), float(high))


def main() -> None:
    """Print a table for each model and size of the test part."""
    for calibrated in (True, False):
        site = made_up_site(SITE, LABELS, calibrated=calibrated)
        for questions in (100, 500):
            told = "calibrated" if calibrated else "too sure"
            print(f"\n{told}, {questions} questions, {TEST_PARTS} test parts")
            print(f"{'':24}{'truth':>8}  {'in reports':^22}  {'percentile bootstrap':^22}")
            columns = [
                measure_coverage(site, questions=questions, parts=TEST_PARTS, method=method)
                for method in (estimate, percentiles)
            ]
            for name in METRICS:
                cells = [
                    f"{one.covered:7.3f} {one.holds_estimate:6.2f} {one.width:8.4f}"
                    for one in (column[name] for column in columns)
                ]
                print(f"{name:24}{columns[0][name].truth:8.4f} {cells[0]} {cells[1]}")


if __name__ == "__main__":
    main()
