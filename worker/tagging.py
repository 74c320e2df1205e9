"""Tags one batch of questions: rows in, predictions out, one call of the network between them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, delete
from sqlalchemy.engine import Connection

from core.clock import Clock
from core.database.engine import dialect_insert, retry_while_database_is_away
from core.database.tables import PredictedTag, Prediction, Question
from core.errors import DatabaseUnreachable
from core.model.live_models import LiveModels, Loaded
from core.model.predictor import Model, RankedTag, Words
from core.model.registry import Version, hold_live
from core.questions.lifecycle import ClaimedQuestion, claim, finish, record_error, unclaim
from core.questions.lock_order import lock_in_order
from core.questions.review_queue import enter_queue
from core.questions.suggested import read_blocked_tags

log = logging.getLogger(__name__)

WRITE_SECONDS = 100  # for how long a finished batch waits for the database to come back
_LONGEST_ERROR = 500  # characters kept of what an attempt ended with


@dataclass(frozen=True, slots=True)
class TaggedQuestion:
    """A question and its most probable tags, the most probable first."""

    question: ClaimedQuestion
    tags: list[RankedTag]


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of a batch: how many were tagged, failed, or were no longer pending."""

    tagged: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        return f"{self.tagged} tagged, {self.failed} failed, {self.skipped} no longer pending"


def tag_batch(
    engine: Engine, models: LiveModels, site: str, pks: Sequence[int], clock: Clock
) -> BatchOutcome:
    """Tag the questions of a batch that are still pending.

    May be called again, or twice at once, for the same questions: each is tagged once. A question
    that fails keeps its error and fails no other.

    Args:
        engine: the database's.
        models: of this process.
        site: the site of all of them.
        pks: keys of rows of `questions`.
        clock: dates the predictions.

    Raises:
        ModelError: the site has no live model that could be used; no attempt was counted.
        DatabaseUnreachable: the database stayed away; the attempts are given back.
    """
    loaded, claimed = _claim(engine, models, site, pks, clock)
    tagged, errors = predict(loaded.model, claimed)
    # The attempt is counted: an outage of the database must not use it up.
    retrying = retry_while_database_is_away(clock, WRITE_SECONDS)
    try:
        done = retrying(_write, engine, tagged, errors, version=loaded.version, clock=clock)
    except DatabaseUnreachable:
        retrying(_give_back, engine, claimed)
        raise
    return BatchOutcome(done, len(errors), len(pks) - done - len(errors))


def _claim(
    engine: Engine, models: LiveModels, site: str, pks: Sequence[int], clock: Clock
) -> tuple[Loaded, list[ClaimedQuestion]]:
    """Claim a batch for the version that is live at that moment, which is loaded before."""
    while True:
        serving = models.get(site)
        with engine.begin() as connection:
            if hold_live(connection, site) == serving.live_id:
                return serving.loaded, claim(connection, pks, site=site, now=clock.now())


def predict(
    model: Model, questions: Sequence[ClaimedQuestion]
) -> tuple[list[TaggedQuestion], dict[int, str]]:
    """Predict a batch; return the tagged, and for the keys of the others what went wrong."""
    readable: list[ClaimedQuestion] = []
    texts: list[Words] = []
    errors: dict[int, str] = {}
    for question in questions:
        try:
            texts.append(model.words(question.title, question.body))
        except Exception as error:  # noqa: BLE001 (whatever a text provokes is that text's)
            errors[question.pk] = _describe(question, error)
        else:
            readable.append(question)
    try:
        ranked = model.rank(_finite(model.probabilities(texts)))
    except Exception as error:  # noqa: BLE001
        if len(readable) == 1:
            return [], errors | {readable[0].pk: _describe(readable[0], error)}
        log.warning("a batch of %d failed, its questions go one by one: %s", len(readable), error)
        return _predict_one_by_one(model, readable, errors)
    return [TaggedQuestion(q, tags) for q, tags in zip(readable, ranked, strict=True)], errors


def _finite(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if not np.isfinite(probabilities).all():
        raise ArithmeticError("the network gave a probability that is no number")
    return probabilities


def _predict_one_by_one(
    model: Model, questions: Sequence[ClaimedQuestion], errors: dict[int, str]
) -> tuple[list[TaggedQuestion], dict[int, str]]:
    tagged: list[TaggedQuestion] = []
    for question in questions:
        one, failed = predict(model, [question])
        tagged += one
        errors |= failed
    return tagged, errors


def _describe(question: ClaimedQuestion, error: Exception) -> str:
    log.error("question with the key %d cannot be tagged: %r", question.pk, error)
    return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]


def _give_back(engine: Engine, questions: Sequence[ClaimedQuestion]) -> None:
    with engine.begin() as connection:
        unclaim(connection, [question.pk for question in questions])


def _write(
    engine: Engine,
    tagged: Sequence[TaggedQuestion],
    errors: dict[int, str],
    *,
    version: Version,
    clock: Clock,
) -> int:
    """Write a batch's end in one transaction; return how many predictions are new."""
    with engine.begin() as connection:
        if errors:  # finish() locks the others, of which some may come after them
            pks = [*errors, *(item.question.pk for item in tagged)]
            lock_in_order(connection, Question.id.in_(pks))
        done = finish(connection, [item.question for item in tagged])
        new = [item for item in tagged if item.question.pk in done]
        write_predictions(connection, new, version=version, now=clock.now())
        for pk, error in sorted(errors.items()):
            record_error(connection, pk, error)
    return len(done)


def write_predictions(
    connection: Connection, tagged: Sequence[TaggedQuestion], *, version: Version, now: datetime
) -> None:
    """Write predictions and their tags in place of those that the version made of older texts.

    A prediction that has been scored stays so (`core/agreement/live.py`): no question counts twice.
    The questions enter the queue of the review; a tag that is blocked is not suggested.
    """
    if not tagged:
        return
    version_id = version.id
    blocked = read_blocked_tags(connection, version.site)
    predictions = [
        {
            "question_pk": item.question.pk,
            "model_version_id": version_id,
            "predicted_at": now,
            "content_hash": item.question.content_hash,
        }
        for item in tagged
    ]
    tags = [
        {
            "question_pk": item.question.pk,
            "model_version_id": version_id,
            "tag": ranked.tag,
            "probability": ranked.probability,
            "suggested": ranked.suggested and ranked.tag not in blocked,
        }
        for item in tagged
        for ranked in item.tags
    ]
    insert = dialect_insert(connection, Prediction)
    replace = {name: insert.excluded[name] for name in ("predicted_at", "content_hash")}
    key = ["question_pk", "model_version_id"]
    connection.execute(insert.on_conflict_do_update(index_elements=key, set_=replace), predictions)
    of_version = PredictedTag.model_version_id == version_id
    pks = [item.question.pk for item in tagged]
    connection.execute(delete(PredictedTag).where(of_version, PredictedTag.question_pk.in_(pks)))
    connection.execute(dialect_insert(connection, PredictedTag), tags)
    enter_queue(connection, pks, site=version.site, model_version_id=version_id, predicted_at=now)
