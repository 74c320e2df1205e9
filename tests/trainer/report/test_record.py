from datetime import UTC, datetime

import numpy as np

from core.model.post_processing.calibration import sigmoid
from tests.trainer.made_up import TAGS, made_up_corpus
from tests.trainer.systems.test_mean import Constant
from trainer.data.dataset import DatasetOptions, hold_out_newest
from trainer.data.stored import Survey
from trainer.report.record import CalibrationFigures, RunData
from trainer.scoring.calibration import choose_calibration
from trainer.scoring.metrics import Scores, reliability
from trainer.systems.base import learned_rows

OLDEST, NEWEST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


def test_the_data_of_a_run_is_counted_over_all_of_its_questions() -> None:
    corpus = made_up_corpus(200)
    dataset, holdout = hold_out_newest(corpus, DatasetOptions(min_questions=50))
    survey = Survey(200, 200, 0, 200, OLDEST, NEWEST, "")
    data = RunData.of(dataset, holdout, survey)
    assert data.parts == {"train": 162, "validation": 18, "held-out": 20}
    assert (data.oldest, data.newest, data.labels) == (OLDEST, NEWEST, TAGS)
    assert sum(data.tag_counts.values()) == sum(len(tags) for tags in corpus.tags)
    assert list(data.tag_counts.values()) == sorted(data.tag_counts.values(), reverse=True)
    assert data.targets.shape == (162, len(TAGS))
    crossed = Constant(0.5, out_of_fold_rows=learned_rows(dataset)[::-1])
    whole = RunData.of(dataset, holdout, survey, crossed)
    assert whole.parts == {"train": 180, "validation out of fold": 180, "held-out": 20}
    assert whole.targets.shape == (180, len(TAGS))


def test_calibration_tells_of_all_that_was_tried() -> None:
    dice = np.random.default_rng(0)
    probabilities = sigmoid(dice.normal(-2, 2, (1000, 5)))
    targets = (dice.random(probabilities.shape) < probabilities).astype(np.uint8)
    choice = choose_calibration(targets, probabilities)
    before = reliability(Scores(targets, probabilities, np.full(5, 0.5)))
    figures = CalibrationFigures.of(choice, before)
    assert figures.chosen == choice.kind
    assert list(figures.log_loss) == list(figures.calibration_error)
    assert list(figures.log_loss) == ["none", "temperature", "isotonic"]
    assert figures.uncalibrated is before
