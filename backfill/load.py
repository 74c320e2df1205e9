"""Puts predictions of a backfill into the database, where nothing newer stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Self

from sqlalchemy import Engine, and_, exists, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from backfill.folder import BackfillFolder, Split
from backfill.shards import PredictedQuestion, unpack_predictions, unpack_questions
from core.clock import Clock
from core.database.engine import despite_deadlocks
from core.database.keys import one_of
from core.database.tables import ModelVersion, Prediction, Question
from core.errors import BackfillRefused
from core.model.predictions import NewPrediction, write_predictions
from core.model.registry import Version, find_packed
from core.questions.lock_order import lock_in_order
from core.questions.store import FetchedQuestion, store

BATCH_QUESTIONS = 500  # of one transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions are loaded, each with its ten most probable tags.

    Attributes:
        min_probability: only those with a suggested tag at least as probable.
        newest_days: only those created in so many days before the newest of the input.
    """

    min_probability: float | None = None
    newest_days: float | None = None

    def since(self, newest: datetime | None) -> datetime | None:
        """Since when the questions were created that are loaded; None where all are.

        Raises:
            BackfillRefused: the questions do not say when they were created.
        """
        if self.newest_days is None:
            return None
        if newest is None:
            raise BackfillRefused(
                "The files do not say when their questions were created: load without a number "
                "of days."
            )
        return newest - timedelta(days=self.newest_days)

    def is_probable(self, prediction: PredictedQuestion) -> bool:
        """Whether a question is loaded by its tags; one that could not be tagged never is."""
        if prediction.error is not None:
            return False
        least = self.min_probability
        return least is None or any(
            tag.suggested and tag.probability >= least for tag in prediction.tags
        )


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """What became of the questions that were to be loaded.

    Attributes:
        loaded: whose predictions were written.
        known: that have this version's prediction already, or one that comes after it.
        edited: whose text here is another than the one that was tagged.
    """

    loaded: int = 0
    known: int = 0
    edited: int = 0

    def __add__(self, other: Self) -> Self:
        """The counts of both."""
        return type(self)(
            self.loaded + other.loaded, self.known + other.known, self.edited + other.edited
        )


def find_version(connection: Connection, site: str, sha256: str) -> Version:
    """Return the version whose bundle made the predictions.

    Raises:
        BackfillRefused: the registry does not hold it.
    """
    version = find_packed(connection, site, sha256)
    if version is None:
        raise BackfillRefused(
            f"The registry holds no model of {site} with the SHA-256 {sha256[:12]}…, so its "
            "predictions cannot be loaded. Add it with: tagger models import FILE"
        )
    return version


def load(
    engine: Engine,
    folder: BackfillFolder,
    split: Split,
    *,
    version: Version,
    wanted: Wanted,
    clock: Clock,
    on_shard: Callable[[], None] = lambda: None,
) -> LoadCounts:
    """Store questions and their predictions; doing it again changes nothing.

    A question that is known with a later activity is left as it is, and no prediction is written
    where its text is another by now, or where one of this version stands or, while this version is
    not live, one of the live version or of a newer one.

    Args:
        engine: of the database, its tables up to date.
        folder: all its shards have predictions.
        split: of the folder.
        version: that made the predictions.
        wanted: which questions.
        clock: the database's; dates questions and predictions, of whenever they were tagged.
        on_shard: called after each shard.

    Raises:
        BackfillRefused: as of Wanted.since().
        DatabaseUnreachable: what was loaded before stays.
    """
    since = wanted.since(split.newest)
    counts = LoadCounts()
    for number in range(split.shards):
        predictions = unpack_predictions(folder.prediction_shard(number).read_bytes())
        chosen = {one.question_id: one for one in predictions if wanted.is_probable(one)}
        questions = unpack_questions(folder.question_shard(number).read_bytes(), since=since)
        questions = [question for question in questions if question.question_id in chosen]
        for start in range(0, len(questions), BATCH_QUESTIONS):
            batch = questions[start : start + BATCH_QUESTIONS]
            counts += despite_deadlocks(partial(_load, engine, batch, chosen, version, clock))
        on_shard()
    return counts


def _load(
    engine: Engine,
    questions: Sequence[FetchedQuestion],
    predictions: Mapping[int, PredictedQuestion],
    version: Version,
    clock: Clock,
) -> LoadCounts:
    with engine.begin() as connection:
        return _load_batch(connection, questions, predictions, version, now=clock.now())


def _load_batch(
    connection: Connection,
    questions: Sequence[FetchedQuestion],
    predictions: Mapping[int, PredictedQuestion],
    version: Version,
    *,
    now: datetime,
) -> LoadCounts:
    store(connection, questions, now=now, request_tagging=False)
    numbers = [question.question_id for question in questions]
    chosen = (Question.site == version.site, one_of(connection, Question.question_id, numbers))
    lock_in_order(connection, *chosen)
    texts = select(Question.id, Question.question_id, Question.content_hash).where(*chosen)
    current = [
        NewPrediction(pk, content_hash, predictions[number].tags)
        for pk, number, content_hash in connection.execute(texts)
        if content_hash == predictions[number].content_hash
    ]
    known = _find_known(connection, [one.pk for one in current], version)
    new = [one for one in current if one.pk not in known]
    # Dated as they come in: exports and webhooks have passed the time of the tagging.
    write_predictions(connection, new, version=version, now=now)
    return LoadCounts(len(new), len(known), len(questions) - len(current))


def _find_known(connection: Connection, pks: Sequence[int], version: Version) -> frozenset[int]:
    """Those whose present text has a prediction that is not to be covered."""
    this = aliased(ModelVersion)
    is_live = exists().where(this.id == version.id, this.live)  # by now, not when the load began
    comes_after = (
        Prediction.model_version_id == version.id,
        ModelVersion.live.is_(True),
        and_(ModelVersion.version > version.version, ~is_live),
    )
    rows = (
        select(Prediction.question_pk)
        .join(Question, Question.id == Prediction.question_pk)
        .join(ModelVersion, ModelVersion.id == Prediction.model_version_id)
        .where(
            one_of(connection, Prediction.question_pk, pks),
            Prediction.content_hash == Question.content_hash,
            or_(*comes_after),
        )
    )
    return frozenset(connection.scalars(rows))
