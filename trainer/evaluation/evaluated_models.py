"""The systems that are judged at the gate, and what they say of the held-out questions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from core.database.engine import reading
from core.model.bundle import Manifest
from core.model.predictor import Model
from core.model.registry import Version, load_bundle
from trainer.data.corpus import LabelledQuestion
from trainer.data.dataset import HeldOut
from trainer.data.labels import multi_hot
from trainer.data.splits import Split
from trainer.data.stored import Selection, stored_questions
from trainer.evaluation.gate import EvaluatedModel
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import Scores, evaluate
from trainer.scoring.operating_point import decide
from trainer.systems.base import Dataset, Tagger
from trainer.systems.linear import LogisticRegression

BASELINE_QUESTIONS: Final = 30_000  # that it learns from, the newest: its columns grow with them
BASELINE_WEIGHTS: Final = 40_000_000  # of each field, four bytes each: columns times labels
PREDICT_ROWS: Final = 256  # of one call
LIVE_THREADS: Final = 2

Floats = npt.NDArray[np.float64]


def tag_counts(held_out: HeldOut) -> npt.NDArray[np.int64]:
    """Return how many tags each held-out question has: shape (rows,)."""
    tags = held_out.corpus.tags
    return np.array([len(set(tags[row])) for row in held_out.rows], np.int64)


def score(
    held_out: HeldOut, labels: Sequence[str], probabilities: Floats, thresholds: Floats
) -> Scores:
    """Return a system's scores on the held-out questions, over its own labels."""
    tags = [held_out.corpus.tags[row] for row in held_out.rows]
    return Scores(multi_hot(tags, labels), probabilities, thresholds)


def judge_candidate(
    tagger: Tagger, dataset: Dataset, held_out: HeldOut, thresholds: Floats, description: str
) -> EvaluatedModel:
    """Let what was just trained tag the held-out questions."""
    probabilities = tagger.probabilities(held_out.corpus, held_out.rows)
    scores = score(held_out, dataset.labels, probabilities, thresholds)
    return EvaluatedModel(
        name="candidate", description=description, labels=dataset.labels, scores=scores
    )


def judge_baseline(
    dataset: Dataset, held_out: HeldOut, *, seed: int, reporter: ProgressReporter
) -> EvaluatedModel:
    """Fit TF-IDF with one-vs-rest logistic regression to the dataset, and let it tag."""
    train, validation = dataset.split.train, dataset.split.validation
    parts = Split(train[-BASELINE_QUESTIONS:], validation[-BASELINE_QUESTIONS:], dataset.split.test)
    small = replace(dataset, split=parts)
    system = LogisticRegression(most=BASELINE_WEIGHTS // len(dataset.labels))
    tagger = system.fit(small, seed=seed, reporter=reporter)
    decisions = decide(dataset.targets[parts.validation], tagger.unseen(small))
    raw = tagger.probabilities(held_out.corpus, held_out.rows)
    probabilities = decisions.calibration.apply(raw)
    return EvaluatedModel(
        name="baseline",
        description=system.name,
        labels=dataset.labels,
        scores=score(held_out, dataset.labels, probabilities, decisions.thresholds),
    )


def load_live(engine: Engine, version: Version) -> Model:
    """Load the live version, as workers do.

    Raises:
        BundleRefused: it does not verify.
    """
    with reading(engine) as connection:
        bundle = load_bundle(connection, version, keras=False)
    return Model(bundle, threads=LIVE_THREADS)


def judge_live(
    engine: Engine, model: Model, description: str, selection: Selection, held_out: HeldOut
) -> EvaluatedModel:
    """Let the live version tag the held-out questions, read as it reads them."""
    with reading(engine) as connection:
        questions = held_out_questions(
            stored_questions(connection, selection, since=_first(held_out)), held_out
        )
        probabilities = _predict(model, questions, held_out)
    manifest: Manifest = model.manifest
    thresholds = np.array(manifest.thresholds)
    return EvaluatedModel(
        name="live",
        description=description,
        labels=manifest.labels,
        scores=score(held_out, manifest.labels, probabilities, thresholds),
    )


def held_out_questions(
    questions: Iterable[LabelledQuestion], held_out: HeldOut
) -> Iterator[tuple[int, LabelledQuestion]]:
    """Of a site's questions give those that are held out, each with its place among the rows."""
    ids = held_out.corpus.question_ids[held_out.rows].tolist()
    places = {question_id: place for place, question_id in enumerate(ids)}
    for question in questions:
        if question.question_id in places:
            yield places[question.question_id], question


def _first(held_out: HeldOut) -> int:
    return int(held_out.corpus.question_ids[held_out.rows[0]])


def _predict(
    model: Model, questions: Iterator[tuple[int, LabelledQuestion]], held_out: HeldOut
) -> Floats:
    """Return probabilities: shape (rows, the model's labels)."""
    probabilities = np.zeros((len(held_out.rows), len(model.manifest.labels)))
    while page := list(islice(questions, PREDICT_ROWS)):
        words = [model.words(question.title, question.body) for _, question in page]
        probabilities[[place for place, _ in page]] = model.probabilities(words)
    return probabilities


def metrics(
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
    known = scores.targets.any(axis=1)
    of_known = Scores(scores.targets[known], scores.probabilities[known], scores.thresholds)
    of_known_labels = evaluate(of_known) if known.any() else {}
    return {
        **of_known_labels,
        "test_questions": int(known.sum()),
        "agreement_questions": len(tags),
        "agreement_precision_at_1": float(scores.hits[:, 0].mean()),
        "agreement_recall_at_5": float((scores.hits[:, :5].sum(axis=1) / tags).mean()),
        "agreement_without_suggestion": float((~scores.predicted.any(axis=1)).mean()),
    }
