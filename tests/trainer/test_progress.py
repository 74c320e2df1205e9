import io
import logging
import math
from dataclasses import replace

import pytest
from rich.console import Console

from trainer.progress import Epoch, LogReporter, TerminalReporter, TimeLeft, make_reporter

EPOCH = Epoch(number=3, of=20, loss=0.06, val_loss=0.05, val_precision_at_1=0.4567, seconds=4.0)


def test_an_epochs_line_says_how_long_it_may_still_take() -> None:
    assert str(EPOCH) == (
        "epoch  3/20  loss 0.0600  val. loss 0.0500  val. P@1 0.457  4.0 s, at most 1:08 left"
    )


PART = replace(EPOCH, part="reader 1 of 4", left=75.0, left_low=60.0, left_high=100.0)


def test_a_parts_epoch_says_how_long_all_of_the_training_will_take() -> None:
    assert str(PART) == (
        "reader 1 of 4  epoch  3/20  loss 0.0600  val. loss 0.0500  val. P@1 0.457  "
        "4.0 s, about 1:15 left (1:00 to 1:40)"
    )


def test_an_epoch_that_learns_from_the_validation_part_has_no_figures_of_it() -> None:
    nothing = replace(PART, val_loss=math.nan, val_precision_at_1=math.nan)
    assert (
        str(nothing)
        == "reader 1 of 4  epoch  3/20  loss 0.0600  4.0 s, about 1:15 left (1:00 to 1:40)"
    )


def test_a_log_gets_a_line_for_each_stage_and_epoch(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), make_reporter(Console(file=io.StringIO())) as reporter:
        assert isinstance(reporter, LogReporter)
        reporter.stage("reading questions")
        reporter.batch(1, 2)
        reporter.epoch(EPOCH)
        reporter.note("stopped")
    assert caplog.messages == ["reading questions", str(EPOCH), "stopped"]


def test_a_terminal_gets_a_bar_and_the_epochs_above_it() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with make_reporter(console) as reporter:
        assert isinstance(reporter, TerminalReporter)
        reporter.stage("training")
        reporter.epoch(EPOCH)
        reporter.batch(1, 2)
        reporter.note("stopped")
    assert "stopped" in screen.getvalue()
    assert str(EPOCH) in screen.getvalue()
    assert "training" in screen.getvalue()
    assert "at most 0:40 left" in screen.getvalue()  # half of twenty epochs of four seconds


def test_a_terminal_counts_down_what_a_parts_epoch_said() -> None:
    screen = io.StringIO()
    with make_reporter(Console(file=screen, force_terminal=True, width=120)) as reporter:
        reporter.epoch(PART)
        reporter.batch(1, 2)
    assert "about 1:1" in screen.getvalue().replace(str(PART), "")


def test_a_part_of_which_nothing_is_known_says_so() -> None:
    assert str(replace(EPOCH, part="convolutions")).endswith("4.0 s, time left not known yet")


def test_the_bar_tells_what_the_batch_knows_better_than_the_last_epoch() -> None:
    screen = io.StringIO()
    with make_reporter(Console(file=screen, force_terminal=True, width=140)) as reporter:
        reporter.epoch(PART)
        reporter.time_left(TimeLeft(30, 20, 50))
        reporter.batch(1, 2)
    assert "about 0:30 left (0:20 to 0:50)" in screen.getvalue()
