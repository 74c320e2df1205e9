from trainer.report.metric_names import HEADINGS, format_metric
from trainer.scoring.metrics import METRICS


def test_every_metric_has_a_heading() -> None:
    assert list(HEADINGS) == list(METRICS)


def test_small_losses_have_a_digit_more() -> None:
    assert format_metric("precision_at_1", 0.12345) == "0.123"
    assert format_metric("log_loss", 0.12345) == "0.1235"
