import re
from dataclasses import replace
from math import nan

from tests.trainer.compare.made_up_comparison import made_up_comparison, made_up_result
from trainer.compare.plots import f1_against_frequency, intervals, learning_curves
from trainer.report.plots import Picture


def texts(picture: Picture) -> list[str]:
    svgs = "".join(panel.svg for panel in picture)
    return re.findall("<text[^>]*>([^<]*)</text>", svgs)


def test_intervals_have_the_best_system_on_top() -> None:
    drawn = texts(intervals([("worse", made_up_result(0.2)), ("better", made_up_result(0.6))]))
    assert drawn.index("better") < drawn.index("worse")


def test_learning_curves_are_of_the_systems_that_have_epochs() -> None:
    linear, network = ("linear", made_up_result(0.2)), ("network", made_up_result(0.6, epochs=3))
    assert learning_curves([linear]) is None
    drawn = learning_curves([linear, network])
    assert drawn is not None
    assert "network" in texts(drawn)
    assert "linear" not in texts(drawn)


def test_what_no_epoch_was_judged_by_has_no_curve() -> None:
    judged = made_up_result(0.6, epochs=3)
    epochs = tuple(replace(epoch, val_loss=nan) for epoch in judged.epochs)
    small = ("branched", replace(judged, epochs=epochs))  # of a site that is cross-validated
    (training,) = learning_curves([small]) or []
    assert "branched" in texts([training])
    _, validation = learning_curves([small, ("network", judged)]) or []
    assert "network" in texts([validation])
    assert "branched" not in texts([validation])


def test_f1_is_drawn_for_each_system_that_is_given() -> None:
    data = made_up_comparison().data
    drawn = texts(f1_against_frequency(data, [("a <b>", made_up_result(0.6))]))
    assert "a &lt;b&gt;" in drawn
    assert not any("$" in text for text in drawn)
