"""Tags a batch of questions: rows in, predictions out, the network between them."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from core.clock import Clock
from core.database.engine import retry_while_database_is_away
from core.errors import DatabaseUnreachable, ModelError
from core.model.live_models import LiveModels, Loaded
from core.model.predictions import NewPrediction, write_predictions
from core.model.predictor import Model, RankedTag
from core.model.registry import Version, hold_live
from core.model.text.names import Words
from core.questions.leases import HELD, HeldQuestions, end_lease
from core.questions.lifecycle import ClaimedQuestion, claim, finish, record_error, unclaim
from core.questions.tags.synonyms import read_replaced

log = logging.getLogger(__name__)

# For how long finished parts of a batch wait for the database, and then what is given back: both
# together less than a task may take.
WRITE_SECONDS = 100.0
# Questions that are claimed, tagged and written at once: a part's statements take 5 ms of processor
# time, however many they are about, and of many questions more are equally long, which the network
# reads together. A backfill's task has two, so that something overlaps.
PART = 500
FIRST_OF_ALL = 25  # of a process' first batch: whoever looks waits for its first prediction
_LONGEST_ERROR = 500  # characters kept of what an attempt ended with

Probabilities = npt.NDArray[np.float64]


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


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a batch that has been claimed.

    Attributes:
        loaded: the model that it was claimed for.
        synonyms: by tags that are dead at the site, the living ones.
        claimed: all of it.
        readable: those whose text gave words.
        run: gives the probabilities of those; to be called by whoever has the network.
        errors: for the keys of the others what went wrong.
    """

    loaded: Loaded
    synonyms: Mapping[str, str]
    claimed: list[ClaimedQuestion]
    readable: list[ClaimedQuestion]
    run: Callable[[], Probabilities]
    errors: dict[int, str]


def tag_batch(
    engine: Engine,
    models: LiveModels,
    site: str,
    pks: Sequence[int],
    clock: Clock,
    *,
    lease: timedelta = HELD,
    first: int = 0,
) -> BatchOutcome:
    """Tag the questions of a batch that are still pending.

    May be called again, or twice at once, for the same questions: each is tagged once. A question
    that fails keeps its error and fails no other. A batch of many is claimed, tagged and written in
    parts: while the network runs on one, the next is read and the last is written.

    Args:
        engine: the database's.
        models: of this process.
        site: the site of all of them.
        pks: keys of rows of `questions`.
        clock: dates the predictions.
        lease: of the queue's messages.
        first: so many questions are written before the next are even read; 0 is none.

    Raises:
        ModelError: the site has no live model that could be used; no attempt was counted.
        DatabaseUnreachable: the database stayed away; the attempts are given back.
    """
    held = HeldQuestions(engine, pks, clock, lease)
    with held, ThreadPoolExecutor(1, thread_name_prefix="network") as network:
        line = _Line(engine, models, site, clock, network, held, task_size=len(pks))
        try:
            line.tag(into_parts(pks[:first]))
            line.tag(into_parts(pks[first:]))
        except DatabaseUnreachable:
            line.give_back()
            raise
    return BatchOutcome(line.tagged, line.failed, len(pks) - line.tagged - line.failed)


def into_parts(pks: Sequence[int]) -> list[Sequence[int]]:
    """Divide a batch."""
    return [pks[start : start + PART] for start in range(0, len(pks), PART)]


class _Line:
    """The parts of a batch, one behind the other: at most one is with the network."""

    def __init__(
        self,
        engine: Engine,
        models: LiveModels,
        site: str,
        clock: Clock,
        network: Executor,
        held: HeldQuestions,
        *,
        task_size: int,
    ) -> None:
        self._engine = engine
        self._models = models
        self._site = site
        self._clock = clock
        self._network = network
        self._held = held
        self._task_size = task_size
        self._patience = WRITE_SECONDS  # what is left of it for all parts together
        self._running: tuple[_Part, Future[Probabilities]] | None = None
        self._unwritten: dict[int, ClaimedQuestion] = {}
        self._synonyms: Mapping[str, str] | None = None  # until the first part is claimed
        self.tagged = 0
        self.failed = 0

    def tag(self, parts: Iterable[Sequence[int]]) -> None:
        """Tag all parts, or those that were claimed before the model was gone."""
        try:
            for pks in parts:
                self._begin(pks)
        except ModelError:
            self._end()
            raise
        self._end()

    def _begin(self, pks: Sequence[int]) -> None:
        """Claim and read a part, give it to the network, and write the one that was there."""
        loaded, claimed = self._claim(pks)
        self._unwritten |= {question.pk: question for question in claimed}
        part = read(loaded, self._synonyms or {}, claimed)
        before = self._take()
        self._running = part, self._network.submit(part.run)
        if before is not None:
            self._write(*before)

    def _end(self) -> None:
        """Write the last part."""
        last = self._take()
        if last is not None:
            self._write(*last)

    def give_back(self) -> None:
        """Give the attempts back of what was not written: an outage must not use them up.

        Nor wait those of the batch that were not even claimed until their leases are over.
        """
        self._running = None
        if self._unwritten:
            retrying = retry_while_database_is_away(self._clock, WRITE_SECONDS)
            retrying(_give_back, self._engine, list(self._unwritten.values()))
        rest = sorted(self._held.let_all_go() - set(self._unwritten))
        with suppress(DatabaseUnreachable):
            _free(self._engine, rest, now=self._clock.now(), lease=self._held.lease)

    def _claim(self, pks: Sequence[int]) -> tuple[Loaded, list[ClaimedQuestion]]:
        """Claim a part for the version that is live at that moment, which is loaded before.

        What is loaded is most often still live, as the claim itself finds: a look before it would
        cost four round trips, half as many as the claim.
        """
        serving = self._models.get_loaded(self._site)
        while True:
            serving = serving or self._models.get(self._site, before_loading=self._end)
            with self._engine.begin() as connection:
                if hold_live(connection, self._site) == serving.live:
                    if self._synonyms is None:
                        self._synonyms = read_replaced(connection, self._site)
                    return serving.loaded, claim(
                        connection,
                        pks,
                        site=self._site,
                        now=self._clock.now(),
                        lease=self._held.lease,
                        task_size=self._task_size,
                    )
            serving = None  # or its model would stay in memory while the next is loaded

    def _take(self) -> tuple[_Part, list[TaggedQuestion], dict[int, str]] | None:
        if self._running is None:
            return None
        (part, running), self._running = self._running, None
        return part, *predict(part, running.result)

    def _write(self, part: _Part, tagged: list[TaggedQuestion], errors: dict[int, str]) -> None:
        retrying = retry_while_database_is_away(self._clock, self._patience)
        version, clock = part.loaded.version, self._clock
        began = clock.monotonic()
        failed = [(one, errors[one.pk]) for one in part.claimed if one.pk in errors]
        self.tagged += retrying(_write, self._engine, tagged, failed, version=version, clock=clock)
        self._patience -= clock.monotonic() - began
        self.failed += len(errors)
        for question in part.claimed:
            del self._unwritten[question.pk]
        self._held.let_go(question.pk for question in part.claimed)


def read(loaded: Loaded, synonyms: Mapping[str, str], claimed: list[ClaimedQuestion]) -> _Part:
    """Read and encode what was claimed; whatever a text provokes is that text's error."""
    readable: list[ClaimedQuestion] = []
    texts: list[Words] = []
    errors: dict[int, str] = {}
    for question in claimed:
        try:
            texts.append(loaded.model.words(question.title, question.body))
        except Exception as error:  # noqa: BLE001
            errors[question.pk] = _describe(question, error)
        else:
            readable.append(question)
    return _Part(loaded, synonyms, claimed, readable, _encode(loaded.model, texts), errors)


def _encode(model: Model, texts: Sequence[Words]) -> Callable[[], Probabilities]:
    try:
        return partial(model.run, model.encode(texts))
    except Exception as error:  # noqa: BLE001
        return partial(_fail, error)


def _fail(error: Exception) -> Probabilities:
    raise error


def predict(
    part: _Part, probabilities: Callable[[], Probabilities]
) -> tuple[list[TaggedQuestion], dict[int, str]]:
    """Rank what the network gives for a part; where it fails, ask it for one question at a time.

    Returns:
        The tagged questions, and for the keys of the others what went wrong.
    """
    model = part.loaded.model
    try:
        ranked = model.rank(_finite(probabilities()), synonyms=part.synonyms)
    except Exception as error:  # noqa: BLE001
        if len(part.readable) == 1:
            return [], part.errors | {part.readable[0].pk: _describe(part.readable[0], error)}
        log.warning(
            "a batch of %d failed, its questions go one by one: %s", len(part.readable), error
        )
        return _predict_one_by_one(part)
    tagged = [TaggedQuestion(q, tags) for q, tags in zip(part.readable, ranked, strict=True)]
    return tagged, part.errors


def _finite(probabilities: Probabilities) -> Probabilities:
    if not np.isfinite(probabilities).all():
        raise ArithmeticError("the network gave a probability that is no number")
    return probabilities


def _predict_one_by_one(part: _Part) -> tuple[list[TaggedQuestion], dict[int, str]]:
    tagged: list[TaggedQuestion] = []
    errors = dict(part.errors)
    for question in part.readable:
        one = read(part.loaded, part.synonyms, [question])
        ranked, failed = predict(one, one.run)
        tagged += ranked
        errors |= failed
    return tagged, errors


def _describe(question: ClaimedQuestion, error: Exception) -> str:
    log.error("question with the key %d cannot be tagged: %r", question.pk, error)
    return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]


def _give_back(engine: Engine, questions: Sequence[ClaimedQuestion]) -> None:
    with engine.begin() as connection:
        unclaim(connection, [question.pk for question in questions])


def _free(engine: Engine, pks: Sequence[int], *, now: datetime, lease: timedelta) -> None:
    with engine.begin() as connection:
        end_lease(connection, pks, at=now, lease=lease)


def _write(
    engine: Engine,
    tagged: Sequence[TaggedQuestion],
    failed: Sequence[tuple[ClaimedQuestion, str]],
    *,
    version: Version,
    clock: Clock,
) -> int:
    """Write a batch's end; return how many predictions are new, with whose requests they end."""
    if failed:  # by themselves: locked with those that finish, they would stand in no one order
        with engine.begin() as connection:
            for question, error in failed:  # in the order of their keys, as claim() gives them
                record_error(connection, question, error)
    with engine.begin() as connection:
        done = finish(connection, [item.question for item in tagged])
        new = [
            NewPrediction(item.question.pk, item.question.content_hash, item.tags)
            for item in tagged
            if item.question.pk in done
        ]
        write_predictions(connection, new, version=version, now=clock.now())
    return len(done)
