"""Tags a shard of questions, without a database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from socket import gethostname

import numpy as np

from backfill.shards import PredictedQuestion, pack_predictions, unpack_questions
from core import __version__
from core.clock import Clock
from core.errors import ClusterFailed
from core.model.bundle import inspect, unpack
from core.model.bundle_cache import BundleCache
from core.model.predictor import Model, RankedTag
from core.model.sentences.encoders import Encoders
from core.questions.store import FetchedQuestion

BATCH = 100  # questions of one call of the network: the more, the more memory

_LONGEST_ERROR = 500  # characters


@dataclass(frozen=True, slots=True)
class SentBundle:
    """A bundle on its way to the machines that tag.

    Attributes:
        site: whose model it is.
        sha256: of its zip, in hexadecimal.
        size: of its zip, in bytes.
        fetch: gives the zip's bytes; called where a machine's cache does not hold the bundle.
        teacher: the sentence encoder that each machine has by that name; None for none.
        program: the version that sends it.
    """

    site: str
    sha256: str
    size: int
    fetch: Callable[[], bytes]
    teacher: str | None = None
    program: str = __version__


def load_model(bundle: SentBundle, cache: BundleCache) -> Model:
    """Load the model, from this machine's cache where it holds it.

    Raises:
        BundleRefused: what was sent is not what was meant, or does not run.
        CacheUnusable: there is no room for it.
        ClusterFailed: this machine runs another version of the program, which may read texts
            differently.
    """
    if bundle.program != __version__:
        raise ClusterFailed(
            f"The machine {gethostname()} has version {__version__} of question-tagger, "
            f"and this one {bundle.program}: install the same on all."
        )
    with cache.open(bundle, _unpack) as unpacked:
        return Model(unpacked, encoders=Encoders(bundle.teacher))


def _unpack(bundle: SentBundle, folder: Path) -> None:
    packed = folder / "bundle.zip"
    try:
        packed.write_bytes(bundle.fetch())
        inspect(packed, site=bundle.site, sha256=bundle.sha256)
        unpack(packed, folder, keras=False)
    finally:
        packed.unlink(missing_ok=True)


def tag_shard(model: Model, shard: bytes, clock: Clock) -> tuple[bytes, int]:
    """Return the shard of predictions for a shard of questions, and how many of them failed."""
    questions = unpack_questions(shard)
    describe = partial(_describe, now=clock.now())
    predictions: list[PredictedQuestion] = []
    for start in range(0, len(questions), BATCH):
        batch = questions[start : start + BATCH]
        predictions += map(describe, batch, tag(model, batch))
    failed = sum(prediction.error is not None for prediction in predictions)
    return pack_predictions(predictions), failed


def _describe(
    question: FetchedQuestion, told: list[RankedTag] | str, *, now: datetime
) -> PredictedQuestion:
    tags, error = ([], told) if isinstance(told, str) else (told, None)
    return PredictedQuestion(
        question.site, question.question_id, question.content_hash(), now, tags, error
    )


def tag(model: Model, questions: Sequence[FetchedQuestion]) -> list[list[RankedTag] | str]:
    """Return the tags of each question, as a worker would store them, or why there are none.

    Where a batch fails, its questions are tried one by one: one that fails, fails alone.
    """
    try:
        texts = [model.words(question.title, question.body) for question in questions]
        probabilities = model.probabilities(texts)
        if not np.isfinite(probabilities).all():
            raise ArithmeticError("the network gave a probability that is no number")  # noqa: TRY301
        return [*model.rank(probabilities)]
    except Exception as error:  # noqa: BLE001 (whatever a text provokes is that text's error)
        if len(questions) == 1:
            return [f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]]
    return [tag(model, [question])[0] for question in questions]
