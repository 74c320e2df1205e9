"""When a file's questions are asked, when they can be seen, and what becomes of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from core.questions.files.rows import question_link
from core.questions.store import FetchedQuestion
from demo.standin.rng import KeyedRng
from demo.standin.site import (
    Change,
    Question,
    Site,
    answered,
    closed,
    deleted,
    edited,
    migrated,
    retagged,
    unanswered_again,
)

DAY = 86_400.0


@dataclass(frozen=True)
class Release:
    """How a file's questions are spread over time; what comes first by id is asked first.

    The oldest `history_share` of a site's questions lie in the `history_days` before the
    start, at the dates that the file gives or evenly spread. The others are asked from the start
    on, evenly, whatever their date in the file. Every `burst_every` seconds `burst_size` of
    them share one second. The API shows a new one up to `delay` seconds late.
    """

    history_share: float = 0.8
    history_days: float = 365.0
    history_answered: float = 0.6  # share of the history that counts as answered
    per_minute: float = 6.0
    delay: float = 90.0
    burst_every: float = 0.0  # seconds; 0: no bursts
    burst_size: int = 0

    def __post_init__(self) -> None:
        for name in ("history_share", "history_answered"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share between 0 and 1, not {getattr(self, name)}")
        if self.per_minute <= 0:
            raise ValueError(f"per_minute must be above 0, not {self.per_minute}")
        if self.delay < 0 or self.history_days <= 0:
            raise ValueError("delay must not be negative, and history_days must be above 0")


@dataclass(frozen=True)
class Life:
    """What becomes of questions: shares of all of them, at random moments.

    Each happens within `within` seconds of when the question is asked, or of the start for
    what is history. `unanswered_again` is a share of those that get an answer.
    """

    within: float = 3 * DAY
    edited: float = 0.0
    retagged: float = 0.0
    answered: float = 0.0
    unanswered_again: float = 0.0
    closed: float = 0.0
    migrated: float = 0.0
    deleted: float = 0.0

    @classmethod
    def of(cls, share: float) -> Self:
        """A life in which everything happens to this share of the questions."""
        return cls(
            edited=share,
            retagged=share,
            answered=share,
            unanswered_again=share,
            closed=share,
            migrated=share,
            deleted=share,
        )


def site_of(
    name: str,
    fetched: Sequence[FetchedQuestion],
    *,
    start: float,
    release: Release | None = None,
    life: Life | None = None,
    seed: int = 0,
) -> Site:
    """A site of the questions of one site's files. `start` is in epoch seconds."""
    rng = KeyedRng(seed)
    questions = list(_released(fetched, start, release or Release(), rng))
    changes = _lives(questions, start, life or Life(), rng)
    return Site(name, questions, changes)


def _released(
    fetched: Sequence[FetchedQuestion], start: float, release: Release, rng: KeyedRng
) -> Iterator[Question]:
    """Every question with its dates."""
    ordered = sorted(fetched, key=lambda question: question.question_id)
    history, new = _split(ordered, release.history_share)
    step = release.history_days * DAY / max(len(history), 1)
    for position, question in enumerate(history):
        spread = start - (len(history) - position) * step
        asked = min(_epoch(question.created_at) or spread, start - 1)
        yield _past(question, int(asked), release, rng)
    for question, asked in zip(new, _moments(start, release), strict=False):
        late = release.delay * rng.uniform("delay", question.site, question.question_id)
        yield _question(question, int(asked), asked + late, rng)


def _epoch(time: datetime | None) -> float | None:
    return None if time is None else time.timestamp()


def _split(
    fetched: Sequence[FetchedQuestion], history_share: float
) -> tuple[Sequence[FetchedQuestion], Sequence[FetchedQuestion]]:
    border = round(len(fetched) * history_share)
    return fetched[:border], fetched[border:]


def _moments(start: float, release: Release) -> Iterator[float]:
    """When new questions are asked, without end."""
    gap = 60.0 / release.per_minute
    number, burst = 0, 1
    while True:
        moment = start + number * gap
        if release.burst_every and moment >= start + burst * release.burst_every:
            yield from [start + burst * release.burst_every] * release.burst_size
            burst += 1
        else:
            yield moment
            number += 1


def _past(fetched: FetchedQuestion, asked: int, release: Release, rng: KeyedRng) -> Question:
    key = ("answered", fetched.site, fetched.question_id)
    good = rng.chance(release.history_answered, *key)
    answers = fetched.answer_count
    if answers is None:
        some = good or rng.chance(0.3, "answers without a vote", *key)
        answers = rng.whole((1, 5), "answers", *key) if some else 0
    return _question(fetched, asked, asked, rng, answers=answers, good=good and answers > 0)


def _question(
    fetched: FetchedQuestion,
    asked: int,
    seen: float,
    rng: KeyedRng,
    *,
    answers: int = 0,
    good: bool = False,
) -> Question:
    key = (fetched.site, fetched.question_id)
    return Question(
        question_id=fetched.question_id,
        title=fetched.title,
        body=fetched.body,
        tags=fetched.author_tags,
        link=fetched.link or question_link(*key),
        creation_date=asked,
        visible_from=seen,
        last_activity_date=asked,
        owner=fetched.owner,
        # one recorded item in twenty has no licence
        content_license=None if rng.chance(0.05, "licence", *key) else "CC BY-SA 4.0",
        score=fetched.score or 0,
        view_count=rng.whole((3, 400), "views", *key),
        answer_count=answers,
        is_answered=good,
    )


def _lives(
    questions: Sequence[Question], start: float, life: Life, rng: KeyedRng
) -> Iterator[Change]:
    every_tag = sorted({tag for question in questions for tag in question.tags})
    for question in questions:
        begin = max(start, question.visible_from)
        yield from _texts(question, begin, life, rng, every_tag)
        yield from _answers(question, begin, life, rng)
        yield from _ends(question, begin, life, rng)


def _texts(
    question: Question, begin: float, life: Life, rng: KeyedRng, every_tag: Sequence[str]
) -> Iterator[Change]:
    number = question.question_id
    if rng.chance(life.edited, "edited", number):
        at = begin + life.within * rng.uniform("edited at", number)
        body = f"{question.body}\n<p>Edited: a sentence was added.</p>\n"
        yield edited(at, number, title=f"{question.title} (edited)", body=body)
    if rng.chance(life.retagged, "retagged", number):
        at = begin + life.within * rng.uniform("retagged at", number)
        other = rng.pick(every_tag, "tag", number) if every_tag else "untagged"
        yield retagged(at, number, tuple(dict.fromkeys((other, *question.tags)))[:5])


def _answers(question: Question, begin: float, life: Life, rng: KeyedRng) -> Iterator[Change]:
    number = question.question_id
    if question.is_answered or not rng.chance(life.answered, "gets answered", number):
        return
    at = begin + life.within * rng.uniform("answered at", number)
    answers = question.answer_count + 1
    yield answered(at, number, answers=answers, accepted=10 * number)
    if rng.chance(life.unanswered_again, "unanswered", number):
        later = at + life.within * rng.uniform("unanswered at", number)
        yield unanswered_again(later, number, answers=answers)


def _ends(question: Question, begin: float, life: Life, rng: KeyedRng) -> Iterator[Change]:
    number = question.question_id
    if rng.chance(life.closed, "closed", number):
        yield closed(begin + life.within * rng.uniform("closed at", number), number)
    if rng.chance(life.migrated, "migrated", number):
        at = begin + life.within * rng.uniform("migrated at", number)
        yield migrated(at, number, "stackoverflow", 10_000_000 + number)
    if rng.chance(life.deleted, "deleted", number):
        yield deleted(begin + life.within * rng.uniform("deleted at", number), number)
