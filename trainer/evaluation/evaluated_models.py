"""The models that are compared at the gate, and what each says of the held-out questions."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.model.fetching import load_bundle
from core.model.manifest import Manifest
from core.model.post_processing.synonyms import join_synonyms
from core.model.predictor import Model
from core.model.registry import Version
from core.model.sentences.encoders import NO_ENCODER, Encoders
from core.questions.selection import Selection
from core.questions.tags.synonyms import read_synonyms
from trainer.data.corpus import LabelledQuestion
from trainer.data.dataset import Dataset, Holdout
from trainer.data.labels import multi_hot
from trainer.data.splits import Split
from trainer.data.stored import stored_questions
from trainer.evaluation.candidate import Candidate
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import METRICS, Floats, Scores, all_metrics, ndcg
from trainer.scoring.operating_point import choose_operating_point
from trainer.systems.base import learned_rows
from trainer.systems.linear import LogisticRegression

BASELINE_QUESTIONS: Final = 30_000  # that it learns from, the newest: its columns grow with them
BASELINE_LABELS: Final = 100  # the most frequent: each takes two fits of .1 s or more
BASELINE_WEIGHTS: Final = 40_000_000  # of each field, four bytes each: columns times labels
PREDICT_ROWS: Final = 256  # of one call
LIVE_THREADS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedModel:
    """A model and what it says of the held-out questions.

    Attributes:
        name: candidate, live or baseline.
        description: what it is, as "branched, version 4".
        labels: the tags that it knows.
        scores: on the held-out questions, over its own labels.
    """

    name: str
    description: str
    labels: tuple[str, ...]
    scores: Scores

    def over(self, labels: Sequence[str]) -> Scores:
        """Return the scores over some of its labels alone."""
        columns = [self.labels.index(label) for label in labels]
        whole = self.scores
        return Scores(
            whole.targets[:, columns], whole.probabilities[:, columns], whole.thresholds[columns]
        )


def tag_counts(holdout: Holdout) -> npt.NDArray[np.int64]:
    """Return how many tags each held-out question has: shape (rows,)."""
    tags = holdout.corpus.tags
    return np.array([len(set(tags[row])) for row in holdout.rows], np.int64)


def score(
    holdout: Holdout, labels: Sequence[str], probabilities: Floats, thresholds: Floats
) -> Scores:
    """Return a model's scores on the held-out questions, over its own labels."""
    tags = [holdout.corpus.tags[row] for row in holdout.rows]
    return Scores(multi_hot(tags, labels), probabilities, thresholds)


def run_candidate(candidate: Candidate, holdout: Holdout) -> EvaluatedModel:
    """Let what was just trained tag the held-out questions."""
    labels = candidate.dataset.labels
    probabilities = candidate.network.probabilities(holdout.corpus, holdout.rows)
    return EvaluatedModel(
        name="candidate",
        description=candidate.system.name,
        labels=labels,
        scores=score(holdout, labels, probabilities, candidate.thresholds),
    )


def run_baseline(
    dataset: Dataset, holdout: Holdout, *, seed: int, reporter: ProgressReporter
) -> EvaluatedModel:
    """Fit TF-IDF with one-vs-rest logistic regression to the frequent labels, and let it tag."""
    every, dataset = len(dataset.labels), most_used(dataset, BASELINE_LABELS)
    known = f", {BASELINE_LABELS} most frequent tags" if every > BASELINE_LABELS else ""
    train, validation = dataset.split.train, dataset.split.validation
    parts = Split(train[-BASELINE_QUESTIONS:], validation[-BASELINE_QUESTIONS:], dataset.split.test)
    small = replace(dataset, split=parts)
    system = LogisticRegression(most=BASELINE_WEIGHTS // len(dataset.labels))
    tagger = system.fit(small, seed=seed, reporter=reporter)
    operating_point = choose_operating_point(
        dataset.targets[parts.validation], tagger.predict_validation(small)
    )
    raw = tagger.probabilities(holdout.corpus, holdout.rows)
    probabilities = operating_point.calibration.apply(raw)
    return EvaluatedModel(
        name="baseline",
        description=system.name + known,
        labels=dataset.labels,
        scores=score(holdout, dataset.labels, probabilities, operating_point.thresholds),
    )


def most_used(dataset: Dataset, count: int) -> Dataset:
    """Return a dataset with so many of its labels, those that most questions to learn from have."""
    if len(dataset.labels) <= count:
        return dataset
    uses = dataset.targets[dataset.split.train].sum(axis=0, dtype=np.int64)
    columns = np.sort(np.argsort(-uses, kind="stable")[:count])
    labels = tuple(dataset.labels[column] for column in columns)
    return replace(dataset, labels=labels, targets=dataset.targets[:, columns])


def most_frequent(dataset: Dataset, holdout: Holdout) -> Scores:
    """Return the scores of always suggesting the tags that are most frequent in the dataset."""
    shares = dataset.targets[learned_rows(dataset)].mean(axis=0)
    same = np.tile(shares, (len(holdout.rows), 1))
    return score(holdout, dataset.labels, same, np.full(len(shares), 0.5))


def load_live(engine: Engine, version: Version, encoders: Encoders = NO_ENCODER) -> Model:
    """Load the live version, as workers do.

    Raises:
        BundleRefused: it does not verify, or the sentence encoder that it reads is not here.
    """
    with tempfile.TemporaryDirectory(prefix="live-") as folder:
        with reading(engine) as connection:
            bundle = load_bundle(connection, version, Path(folder), keras=False)
        return Model(bundle, threads=LIVE_THREADS, encoders=encoders)  # keeps the file mapped


def run_live(
    engine: Engine, model: Model, description: str, selection: Selection, holdout: Holdout
) -> EvaluatedModel:
    """Let the live version tag the held-out questions, read as it reads them."""
    with reading(engine) as connection:
        questions = holdout_questions(connection, selection, holdout)
        probabilities = _predict(model, questions, holdout)
        synonyms = read_synonyms(connection, selection.site)
    manifest: Manifest = model.manifest
    labels, probabilities, thresholds = join_synonyms(
        manifest.labels, probabilities, np.array(manifest.thresholds), synonyms
    )
    return EvaluatedModel(
        name="live",
        description=description,
        labels=labels,
        scores=score(holdout, labels, probabilities, thresholds),
    )


def holdout_questions(
    connection: Connection, selection: Selection, holdout: Holdout
) -> Iterator[tuple[int, LabelledQuestion]]:
    """Read the held-out questions with their texts, each with its place among the rows."""
    ids = holdout.corpus.question_ids[holdout.rows].tolist()
    places = {question_id: place for place, question_id in enumerate(ids)}
    first = holdout.corpus.question_at(int(holdout.rows[0]))
    for question in stored_questions(connection, selection, since=first):
        if question.question_id in places:
            yield places[question.question_id], question


def _predict(
    model: Model, questions: Iterator[tuple[int, LabelledQuestion]], holdout: Holdout
) -> Floats:
    """Return probabilities: shape (rows, the model's labels)."""
    probabilities = np.zeros((len(holdout.rows), len(model.manifest.labels)))
    while page := list(islice(questions, PREDICT_ROWS)):
        words = [model.words(question.title, question.body) for _, question in page]
        probabilities[[place for place, _ in page]] = model.probabilities(words)
    return probabilities


def version_metrics(
    evaluated_model: EvaluatedModel, tags: npt.NDArray[np.int64]
) -> dict[str, float | int | str]:
    """Return an evaluated model's figures for its version's row.

    Those of METRICS are over the questions that have one of its labels; the agreement's over all,
    against all tags of their authors, as the live agreement is measured.

    Args:
        evaluated_model: whose scores.
        tags: how many tags each question has; shape (questions,).
    """
    scores = evaluated_model.scores
    known = scores.with_labels()
    questions = len(known.targets)
    return {
        **(all_metrics(known) if questions else {}),
        "test_questions": questions,
        "agreement_questions": len(tags),
        "agreement_precision_at_1": METRICS["precision_at_1"](scores),
        "agreement_recall_at_5": float((scores.hits[:, :5].sum(axis=1) / tags).mean()),
        "agreement_ndcg_at_5": float(ndcg(scores, tags, k=5).mean()),
        # A share, unlike the count of that name in live_agreement.
        "agreement_without_suggestion": float((~scores.predicted.any(axis=1)).mean()),
    }
