"""A comparison without training: made-up scores, and texts that mean harm."""

import numpy as np

from tests.trainer.made_up import made_up_dataset
from trainer.compare.run import Comparison, Data, Result, Row
from trainer.data.corpus import LabelledQuestion
from trainer.progress import Epoch
from trainer.scoring.intervals import estimate_all
from trainer.scoring.metrics import Scores, label_f1, reliability

EVIL = '<script>alert("x")</script>'
EVIL_TAG = "$\\frac$<b>"
LABELS = ("apples", "c++", EVIL_TAG, "grapes", "kiwis", "limes")


def made_up_result(skill: float, *, epochs: int = 0) -> Result:
    dataset = made_up_dataset(200)
    targets = dataset.targets[dataset.split.test]
    noise = np.random.default_rng(0).random(targets.shape)
    probabilities = skill * targets + (1 - skill) * noise
    scores = Scores(targets, probabilities, np.full(6, 0.5))
    return Result(
        estimates=estimate_all(scores),
        train_seconds=12.34,
        questions_per_second=4321.0,
        size=2_500_000,
        label_f1=label_f1(scores),
        reliability=reliability(scores),
        epochs=tuple(
            Epoch(
                number=number,
                of=epochs,
                loss=1 / number,
                val_loss=1.1 / number,
                val_precision_at_1=0.5,
                seconds=1.0,
            )
            for number in range(1, epochs + 1)
        ),
        example=probabilities[0],
    )


def made_up_comparison() -> Comparison:
    dataset = made_up_dataset(200)
    counts = {tag: 100 - 10 * place for place, tag in enumerate((*LABELS, "rare"))}
    example = LabelledQuestion(7, f"Why {EVIL}?", f"<p>{EVIL} &lt;i&gt;</p>", LABELS[1:4], "")
    parts = {"train": 144, "validation": 16, "test": 40}
    targets = dataset.targets[dataset.split.train]
    data = Data("fruit", "random", parts, counts, LABELS, targets, example)
    rows = [
        Row("conv1d", made_up_result(0.6, epochs=3)),
        Row("broken", None, f"it failed, {EVIL}"),
        Row("simple", made_up_result(0.2, epochs=2)),
    ]
    return Comparison(data, rows, class_weights=True)
