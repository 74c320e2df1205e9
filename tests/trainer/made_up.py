"""A made-up site whose tags can be told from its texts, small enough to train on in seconds."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from core.model.bundle import Bundle
from core.model.tokenizer import TextSettings
from core.questions.store import FetchedQuestion
from trainer.data.corpus import Corpus, LabelledQuestion, read_corpus
from trainer.data.dataset import Dataset, DatasetOptions, make_dataset
from trainer.runs.export import Description, make_bundle
from trainer.scoring.thresholds import choose_thresholds
from trainer.systems.branched.hyperparameters import (
    FitHyperparameters,
    GraphHyperparameters,
    Hyperparameters,
)
from trainer.systems.networks.network import Network, NetworkSystem

TAGS = ("apples", "c++", "figs", "grapes", "kiwis", "limes")


def made_up_questions(count: int, *, site: str = "fruit") -> Iterator[FetchedQuestion]:
    """Questions with one or two tags, each with words that stand with it alone."""
    dice = random.Random(count)
    for number in range(1, count + 1):
        tags = dice.sample(TAGS, dice.choice([1, 1, 2]))
        telling = [f"{tag.strip('+')}{dice.randrange(3)}" for tag in tags for _ in range(4)]
        noise = [f"word{dice.randrange(40)}" for _ in range(20)]
        words = telling + noise
        dice.shuffle(words)
        title, body = " ".join(words[:5]), f"<p>{' '.join(words[5:])}</p>"
        yield FetchedQuestion(
            site=site, question_id=number, title=title, body=body, author_tags=tuple(tags)
        )


def labelled(question: FetchedQuestion) -> LabelledQuestion:
    return LabelledQuestion(
        question.question_id,
        question.title,
        question.body,
        question.author_tags,
        question.content_hash(),
        row=question.question_id,
        created_at=question.created_at,
    )


def made_up_corpus(count: int) -> Corpus:
    return read_corpus("fruit", map(labelled, made_up_questions(count)), TextSettings())


def bundle_of(network: Network, system: NetworkSystem, dataset: Dataset, folder: Path) -> Bundle:
    """What would be published of a network, but for its calibration."""
    validation = dataset.targets[network.validation_rows(dataset)]
    description = Description(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        thresholds=choose_thresholds(validation, network.predict_validation(dataset)),
        metrics={},
        hyperparameters=system.manifest_hyperparameters(),
    )
    return make_bundle(network, system, dataset, description, folder)


def made_up_dataset(count: int) -> Dataset:
    return make_dataset(made_up_corpus(count), DatasetOptions(min_questions=50))


NARROW = Hyperparameters(
    graph=GraphHyperparameters(
        meaning_size=20,
        topic_size=20,
        filters=8,
        title_widths=(1,),
        body_widths=(2,),
        hidden=32,
        readers=1,
    ),
    # Learned within three epochs; with convolutions, which sites so small do not have.
    fit=FitHyperparameters(reader_rate=6e-3, conv_rate=12e-3, fold_questions=0),
)
