"""What names are worth is learned where it helps, and left alone where it does not."""

from dataclasses import replace

import numpy as np
import pytest

from core.model.post_processing.steps import PostProcessing
from trainer.data.corpus import LabelledQuestion, read_corpus
from trainer.data.dataset import Dataset
from trainer.data.labels import multi_hot
from trainer.data.splits import Split
from trainer.scoring.metrics import Floats, Scores, ndcg
from trainer.scoring.names import FEWEST_QUESTIONS, fit_names
from trainer.systems.simple import SimpleNetwork

TAGS = tuple(f"tag{number:02}" for number in range(20))
QUESTIONS = 600


def made_up(*, named: bool) -> Dataset:
    """Questions of one tag each, the first ones frequent; its name stands in most texts, or not."""
    dice = np.random.default_rng(7)
    shares = 1 / np.arange(1, len(TAGS) + 1)
    drawn = dice.choice(len(TAGS), QUESTIONS, p=shares / shares.sum())
    questions = [
        LabelledQuestion(
            number,
            "a question",
            f"<p>about {TAGS[tag] if named and dice.random() < 0.8 else TAGS[tag - 1]}</p>",
            (TAGS[tag],),
            str(number),
            row=number,
        )
        for number, tag in enumerate(drawn.tolist())
    ]
    corpus = read_corpus("stats", questions, SimpleNetwork.text)
    rows = np.arange(QUESTIONS)
    return Dataset(
        corpus, TAGS, multi_hot(corpus.tags, TAGS), Split(rows[:300], rows[300:], rows[:0])
    )


def guess(dataset: Dataset) -> Floats:
    """What a network would say that knows no more than how frequent tags are, nearly."""
    rows = dataset.split.validation
    shares = dataset.targets[dataset.split.train].mean(axis=0) + 1e-3
    noise = np.random.default_rng(1).normal(0, 0.3, (len(rows), len(TAGS)))
    return np.asarray(np.clip(shares * np.exp(noise), 1e-4, 0.99))


def ranking(dataset: Dataset, probabilities: Floats) -> float:
    targets = dataset.targets[dataset.split.validation]
    scores = Scores(targets, probabilities, np.zeros(len(TAGS)))
    return float(ndcg(scores, np.ones(len(targets), np.int64), k=5).mean())


def test_names_that_tell_the_tag_raise_it() -> None:
    dataset = made_up(named=True)
    before = guess(dataset)
    found = fit_names(dataset, dataset.split.validation, before)
    assert found is not None
    named = found.find(dataset.corpus, dataset.split.validation)
    told = PostProcessing(found.weights).apply(before, named)
    assert ranking(dataset, told) > ranking(dataset, before) + 0.1
    assert found.weights.text[0] > 1
    assert len(found.weights.rarity) == len(TAGS)


def test_names_that_mislead_or_say_nothing_are_not_used_or_lower_their_tag() -> None:
    dataset = made_up(named=False)
    found = fit_names(dataset, dataset.split.validation, guess(dataset))
    assert found is None or found.weights.text[0] < 0
    silent = replace(dataset, labels=tuple(f"other{number:02}" for number in range(len(TAGS))))
    weights = fit_names(silent, silent.split.validation, guess(silent))
    assert weights is None or weights.weights.text == (0, 0)


def test_names_are_not_used_where_the_network_knows_the_tags_already() -> None:
    dataset = made_up(named=True)
    known = dataset.targets[dataset.split.validation].astype(float).clip(1e-6, 1 - 1e-6)
    assert fit_names(dataset, dataset.split.validation, known) is None


@pytest.mark.parametrize(("worse", "used"), [(0.001, True), (0.2, False)])
def test_a_ranking_that_is_not_surely_worse_does_not_keep_names_out(
    monkeypatch: pytest.MonkeyPatch, worse: float, used: bool
) -> None:
    """The log loss gains; of the rankings before and after it is said what chance could do."""
    dice = np.random.default_rng(3)
    rankings = iter(range(9))

    def ranked(scores: Scores, *_: object, **__: object) -> Floats:
        is_before = next(rankings) % 2
        return dice.normal(worse * is_before, 0.05, len(scores.targets))

    monkeypatch.setattr("trainer.scoring.names.ndcg", ranked)
    dataset = made_up(named=True)
    found = fit_names(dataset, dataset.split.validation, guess(dataset))
    assert (found is not None) == used


def test_a_small_validation_part_teaches_nothing() -> None:
    dataset = made_up(named=True)
    few = slice(FEWEST_QUESTIONS - 1)
    assert fit_names(dataset, dataset.split.validation[few], guess(dataset)[few]) is None
