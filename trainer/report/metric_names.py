"""How metrics are named and written in tables."""

from typing import Final

HEADINGS: Final = {
    "categorical_accuracy": "cat. acc.",
    "precision_at_1": "P@1",
    "precision_at_3": "P@3",
    "precision_at_5": "P@5",
    "recall_at_5": "R@5",
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "mean_average_precision": "MAP",
    "ndcg_at_5": "nDCG@5",
    "log_loss": "log loss",
    "calibration_error": "ECE",
}
FOUR_DIGITS: Final = ("log_loss", "calibration_error")


def format_metric(metric: str, value: float) -> str:
    """A metric's value with as many digits as tell systems apart."""
    return f"{value:.4f}" if metric in FOUR_DIGITS else f"{value:.3f}"
