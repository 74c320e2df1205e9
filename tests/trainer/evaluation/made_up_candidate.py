"""A candidate whose probabilities are made up, beside what the word network says of its site."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from core.model.tokenizer import TextSettings
from core.questions.selection import Selection
from core.questions.store import FetchedQuestion
from tests.conftest import ManualClock
from tests.models import LABELS
from tests.rows import question, store_questions
from tests.trainer.made_up import labelled
from trainer.data.corpus import Corpus, read_corpus
from trainer.data.dataset import DatasetOptions, hold_out_newest
from trainer.data.labels import multi_hot
from trainer.data.splits import Rows
from trainer.evaluation.candidate import Candidate
from trainer.systems.base import Tagger
from trainer.systems.networks.network import Network
from trainer.systems.simple import SimpleNetwork

QUESTIONS = 400
HOLDOUT = 40  # the newest tenth


@dataclass(frozen=True)
class MadeUpNetwork(Tagger):
    """Knows each question's tags, and says so or the opposite."""

    right: bool

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        targets = multi_hot([corpus.tags[row] for row in rows], LABELS)
        return np.where((targets == 1) == self.right, 0.9, 0.1)

    def size(self) -> int:
        return 0


def tagged_questions(count: int = QUESTIONS) -> Iterator[FetchedQuestion]:
    """Questions of stats, each with one tag that its title names."""
    for number in range(1, count + 1):
        tag = LABELS[number % len(LABELS)]
        yield question(number, f"Question {number} of {tag}", author_tags=(tag,))


def made_up_candidate(*, right: bool = True) -> Candidate:
    corpus = read_corpus("stats", map(labelled, tagged_questions()), TextSettings())
    dataset, holdout = hold_out_newest(corpus, DatasetOptions(min_questions=50))
    return Candidate(
        network=cast("Network", MadeUpNetwork(right)),
        system=SimpleNetwork(),
        dataset=dataset,
        thresholds=np.full(len(LABELS), 0.5),
        holdout=holdout,
        selection=Selection("stats"),
    )


def store_tagged_questions(engine: Engine) -> None:
    now = ManualClock().now()
    store_questions(engine, *tagged_questions(), now=now, request_tagging=False)
