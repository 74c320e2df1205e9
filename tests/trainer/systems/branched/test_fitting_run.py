from types import SimpleNamespace

import numpy as np
import pytest

from trainer.progress import ProgressReporter
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.hyperparameters import FitHyperparameters, Hyperparameters
from trainer.systems.networks.signals import GivenUp

FIT = FitHyperparameters(
    conv_epochs=8, conv_steps=500, conv_batch=100,
    reader_epochs=14, reader_steps=220, reader_batch=100,
    fold_questions=0,
)  # fmt: skip


def run_of(questions: int, most_epochs: int | None = None) -> FittingRun:
    encoded = Encoded(questions)
    return FittingRun(
        encoded,  # type: ignore[arg-type]  # all that is asked of it is how many they are
        Hyperparameters(fit=FIT),
        0,
        ProgressReporter(),
        most_epochs,
    )


class Encoded(SimpleNamespace):
    """As many questions to learn from, and no vectors of a teacher."""

    reads_sentences = False

    def __init__(self, questions: int) -> None:
        super().__init__(train=np.arange(questions), vectors=None, tags=np.zeros((questions, 1)))

    def __len__(self) -> int:
        return len(self.train)


@pytest.mark.parametrize(
    ("questions", "readers", "convolutions"),
    [
        (10_000, 14, 8),
        (200, 110, 250),  # two batches: 220 and 500 steps
        (50, 220, 500),
    ],
)
def test_few_questions_are_read_more_often(questions: int, readers: int, convolutions: int) -> None:
    run = run_of(questions)
    assert (run.reader_epochs(), run.conv_epochs()) == (readers, convolutions)


def test_a_limit_of_epochs_goes_before_enough_steps() -> None:
    run = run_of(200, most_epochs=3)
    assert (run.reader_epochs(), run.conv_epochs()) == (3, 3)


def test_a_second_ctrl_c_gives_up_also_where_it_came_while_the_first_waited() -> None:
    run = run_of(100)
    run.stop(KeyboardInterrupt())
    assert run.stopped
    with pytest.raises(KeyboardInterrupt):
        run.stop()
    with pytest.raises(KeyboardInterrupt):
        run_of(100).stop(GivenUp())
