"""What published versions say of questions that none of them learned from; without TensorFlow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import NotEnoughQuestions
from core.model.fetching import load_bundle
from core.model.manifest import Manifest
from core.model.post_processing.synonyms import join_synonyms
from core.model.predictor import Model
from core.model.registry import Version
from core.model.sentences.encoders import NO_ENCODER, Encoders
from core.questions.selection import Selection
from core.questions.tags.synonyms import read_synonyms, relabel
from core.questions.time_order import Seen
from trainer.data.corpus import LabelledQuestion
from trainer.data.labels import multi_hot
from trainer.data.stored import stored_questions
from trainer.evaluation.evaluated_models import PREDICT_ROWS, EvaluatedModel
from trainer.evaluation.gate import FEWEST_QUESTIONS
from trainer.scoring.metrics import Floats, Scores

MOST_QUESTIONS: Final = 20_000  # at least, the newest: more tell hardly more, and fill the memory
THREADS: Final = 2
TUNED: Final = "tuned_from"  # among a version's hyperparameters, where its thresholds are later


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as far as a comparison tells of it.

    Attributes:
        question_id: the site's number.
        title: plain text.
        tags: its author's, corrected by verdicts.
    """

    question_id: int
    title: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgedVersion:
    """A version and what it says of the questions: its probabilities, shape (questions, labels)."""

    version: Version
    manifest: Manifest
    probabilities: Floats


@dataclass(frozen=True, slots=True)
class Judged:
    """Versions on the same questions.

    Attributes:
        questions: settled ones with a tag that no version has learned from, the newest of them, in
            the order of time.
        versions: in the order that was asked for.
        seen: how many questions of the site have each tag among those that they have learned from.
        synonyms: by dead tag, the living one; questions have living ones alone.
    """

    questions: list[Asked]
    versions: tuple[JudgedVersion, ...]
    seen: dict[str, int]
    synonyms: Mapping[str, str] = field(default_factory=dict)

    @property
    def tag_counts(self) -> npt.NDArray[np.int64]:
        """How many tags each question has: shape (questions,)."""
        return np.array([len(set(question.tags)) for question in self.questions], np.int64)

    def targets(self, place: int) -> npt.NDArray[np.uint8]:
        """Which questions have which of a version's labels: shape (questions, its labels).

        A question has a label that has died where it has the one that this stands for.
        """
        own = self.versions[place].manifest.labels
        living = relabel(own, self.synonyms)
        columns = [living.index(self.synonyms.get(label, label)) for label in own]
        return multi_hot([question.tags for question in self.questions], living)[:, columns]

    def evaluated(self, place: int, thresholds: Floats | None = None) -> EvaluatedModel:
        """A version with its scores over its own labels, those that have died taken for others.

        Args:
            place: of the version.
            thresholds: in place of its own, shape (labels,).
        """
        one = self.versions[place]
        chosen = np.array(one.manifest.thresholds) if thresholds is None else thresholds
        labels, probabilities, limits = join_synonyms(
            one.manifest.labels, one.probabilities, chosen, self.synonyms
        )
        targets = multi_hot([question.tags for question in self.questions], labels)
        return EvaluatedModel(
            name=f"version {one.version.version}",
            description=one.version.architecture,
            labels=labels,
            scores=Scores(targets, probabilities, limits),
        )

    def only(self, rows: npt.NDArray[np.bool_]) -> "Judged":
        """Return the same of some of the questions."""
        versions = tuple(
            JudgedVersion(one.version, one.manifest, one.probabilities[rows])
            for one in self.versions
        )
        kept = [question for question, is_kept in zip(self.questions, rows, strict=True) if is_kept]
        return Judged(kept, versions, self.seen, self.synonyms)


def judge(
    engine: Engine,
    selection: Selection,
    versions: Sequence[Version],
    *,
    encoders: Encoders = NO_ENCODER,
    choosing: bool = False,
) -> Judged:
    """Let versions of a site tag the questions that none of them learned from.

        judged = judge(engine, training_selection("stats", ...), [older, newer])
        judged.evaluated(0).scores

    Args:
        engine: of the database.
        selection: which questions there are.
        versions: of one site.
        encoders: the sentence encoder that is here, for versions that read one.
        choosing: whether thresholds are to be chosen; else questions by which those of one of the
            versions were chosen are left out.

    Raises:
        NotEnoughQuestions: there are too few.
        ModelError: a version's bundle was pruned, or does not verify.
    """
    with TemporaryDirectory(prefix="versions-") as folder:
        models = [_load(engine, version, Path(folder), encoders) for version in versions]
        questions, pages, seen = _tag(engine, selection, versions, models, choosing=choosing)
        manifests = [model.manifest for model in models]
    with reading(engine) as connection:
        synonyms = read_synonyms(connection, selection.site)
    if len(questions) < FEWEST_QUESTIONS:
        numbers = " and ".join(str(version.version) for version in versions)
        raise NotEnoughQuestions(
            f"Of the settled questions of {selection.site}, {len(questions):,} with a tag have "
            f"come since what version {numbers} learned from, and {FEWEST_QUESTIONS} are needed. "
            "Wait for more questions to settle (TAGGER_SETTLE_DAYS), or import them."
        )
    judged = tuple(
        JudgedVersion(version, manifest, np.concatenate(found))
        for version, manifest, found in zip(versions, manifests, pages, strict=True)
    )
    return Judged(questions, judged, seen, synonyms)


def is_of_tuning(question_id: int) -> bool:
    """Whether thresholds may be chosen by a question; by the others they are judged.

    By its number, so that all who ask know, now and later.
    """
    return question_id % 2 == 0


def _load(engine: Engine, version: Version, folder: Path, encoders: Encoders) -> Model:
    own = folder / str(version.id)
    own.mkdir(exist_ok=True)
    with reading(engine) as connection:
        bundle = load_bundle(connection, version, own, keras=False)
    return Model(bundle, threads=THREADS, encoders=encoders)  # keeps the file mapped


def _tag(
    engine: Engine,
    selection: Selection,
    versions: Sequence[Version],
    models: Sequence[Model],
    *,
    choosing: bool,
    most: int = MOST_QUESTIONS,
) -> tuple[list[Asked], list[list[Floats]], dict[str, int]]:
    """The questions, for each model its probabilities page by page, and the tags of the others."""
    seen = [Seen(one.learned_until, one.learned_row, one.learned_through) for one in versions]
    tuned = not choosing and any(TUNED in one.manifest.hyperparameters for one in models)
    questions: list[Asked] = []
    pages: list[list[Floats]] = [[] for _ in models]
    counts: Counter[str] = Counter()
    with reading(engine) as connection:
        stream = stored_questions(connection, selection)
        while page := list(islice(stream, PREDICT_ROWS)):
            known = [one for one in page if any(_includes(some, one) for some in seen)]
            counts.update(tag for one in known for tag in one.tags)
            numbers = {one.question_id for one in known}
            unseen = [
                one
                for one in page
                if one.tags
                and one.question_id not in numbers
                and not (tuned and is_of_tuning(one.question_id))
            ]
            questions += [Asked(one.question_id, one.title, one.tags) for one in unseen]
            for model, found in zip(models, pages, strict=True):
                words = [model.words(one.title, one.body) for one in unseen]
                found.append(model.probabilities(words))
            while len(questions) - len(pages[0][0]) >= most:  # the oldest page is not needed
                del questions[: len(pages[0][0])]
                for found in pages:
                    del found[0]
    return questions, pages, dict(counts)


def _includes(seen: Seen, one: LabelledQuestion) -> bool:
    return seen.includes(row=one.row, created_at=one.created_at, number=one.question_id)
