"""One site: its questions, what becomes of them, and the sorted lists that the API pages through.

Time is an argument. `advance(now)` carries out what was planned for up to then; a site never
goes back.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from typing import Any
from urllib.parse import urlsplit


class Listing(StrEnum):
    """The lists of questions that the API offers."""

    QUESTIONS = "questions"
    UNANSWERED = "unanswered"  # no answer that is upvoted or accepted
    NO_ANSWERS = "no-answers"


class Sort(StrEnum):
    """What the API can sort questions by; `min` and `max` apply to the same field."""

    ACTIVITY = "activity"
    CREATION = "creation"
    VOTES = "votes"


@dataclass(frozen=True, slots=True)
class Migration:
    """Where a question went. `on_date` is in epoch seconds."""

    site: str
    question_id: int
    on_date: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it stands at one moment. Dates are whole epoch seconds.

    `owner` is a display name; without one the API's object of an owner is made up.
    `visible_from` is when the API first shows it, which can be later than `creation_date`.
    `is_answered` means what the API means: an answer is upvoted or accepted.
    """

    question_id: int
    title: str
    body: str
    tags: tuple[str, ...]
    link: str
    creation_date: int
    visible_from: float
    last_activity_date: int
    owner: str | None = None
    content_license: str | None = "CC BY-SA 4.0"
    score: int = 0
    view_count: int = 0
    answer_count: int = 0
    is_answered: bool = False
    accepted_answer_id: int | None = None
    last_edit_date: int | None = None
    closed_date: int | None = None
    closed_reason: str | None = None
    locked_date: int | None = None
    migrated_to: Migration | None = None
    visible: bool = False
    deleted: bool = False

    def listings(self) -> tuple[Listing, ...]:
        """The lists that it stands in now."""
        if self.deleted or not self.visible:
            return ()
        if self.is_answered:
            return (Listing.QUESTIONS,)
        if self.answer_count:
            return (Listing.QUESTIONS, Listing.UNANSWERED)
        return (Listing.QUESTIONS, Listing.UNANSWERED, Listing.NO_ANSWERS)

    def sort_key(self, sort: Sort) -> tuple[int, int]:
        """Its place in a list so sorted; the id decides between equals."""
        if sort is Sort.CREATION:
            return self.creation_date, self.question_id
        if sort is Sort.ACTIVITY:
            return self.last_activity_date, self.question_id
        return self.score, self.question_id


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens to a question: fields that take a new value at a moment.

    `bumps` says whether it counts as activity. The functions below make the usual ones.
    """

    at: float
    question_id: int
    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    bumps: bool = True


def appeared(question: Question) -> Change:
    """The API begins to show the question."""
    return Change(
        question.visible_from, question.question_id, "appeared", {"visible": True}, bumps=False
    )


def edited(at: float, question_id: int, **texts: str) -> Change:
    """Title, body or both are rewritten."""
    return Change(at, question_id, "edited", {**texts, "last_edit_date": int(at)})


def retagged(at: float, question_id: int, tags: Sequence[str]) -> Change:
    """The question gets other tags."""
    return Change(at, question_id, "retagged", {"tags": tuple(tags), "last_edit_date": int(at)})


def answered(
    at: float, question_id: int, *, answers: int = 1, good: bool = True, accepted: int | None = None
) -> Change:
    """The question has `answers` answers now; `good`: one is upvoted, or `accepted`."""
    fields = {"answer_count": answers, "is_answered": good, "accepted_answer_id": accepted}
    return Change(at, question_id, "answered", fields)


def unanswered_again(at: float, question_id: int, *, answers: int = 1) -> Change:
    """What made the question count as answered is taken back; the answers may stay."""
    fields = {"answer_count": answers, "is_answered": False, "accepted_answer_id": None}
    return Change(at, question_id, "unanswered again", fields)


def voted(at: float, question_id: int, score: int) -> Change:
    """The score changes, which is no activity."""
    return Change(at, question_id, "voted", {"score": score}, bumps=False)


def closed(at: float, question_id: int, reason: str = "Needs more focus") -> Change:
    """The question is closed."""
    return Change(at, question_id, "closed", {"closed_date": int(at), "closed_reason": reason})


def migrated(at: float, question_id: int, to_site: str, to_id: int) -> Change:
    """The question goes to another site; a closed and locked one stays behind."""
    fields = {
        "closed_date": int(at),
        "closed_reason": "Not suitable for this site",
        "locked_date": int(at),
        "migrated_to": Migration(to_site, to_id, int(at)),
    }
    return Change(at, question_id, "migrated", fields)


def deleted(at: float, question_id: int) -> Change:
    """The question disappears, without a trace in the API."""
    return Change(at, question_id, "deleted", {"deleted": True})


class Site:
    """A site's questions, and what is planned for them.

    site = Site("stats", questions, [deleted(at=1_700_000_300, question_id=4)])
    site.advance(1_700_000_200)
    site.ids(Listing.UNANSWERED)
    """

    def __init__(
        self, name: str, questions: Iterable[Question], changes: Iterable[Change] = ()
    ) -> None:
        self.name = name
        self.questions = {question.question_id: question for question in questions}
        self.url = _address(name, self.questions.values())
        self.synonyms: list[dict[str, object]] = []  # as the API's items, by their dates
        self.excerpts: dict[str, tuple[str, int]] = {}  # by tag: text, and when it was edited
        self._entries: dict[Listing, dict[Sort, list[tuple[int, int]]]] = {
            listing: {sort: [] for sort in Sort} for listing in Listing
        }
        self._number = count()
        self._planned: list[tuple[float, int, Change]] = []
        self.schedule(*(appeared(question) for question in self.questions.values()))
        self.schedule(*changes)

    def schedule(self, *changes: Change) -> None:
        """Plan changes; one that is due already happens at the next `advance`."""
        for change in changes:
            heapq.heappush(self._planned, (change.at, next(self._number), change))

    def tell_of_tags(
        self, excerpts: Mapping[str, str], renamed: Mapping[str, str], *, at: int
    ) -> None:
        """Say what tags are for, and by their names of before which were renamed, at a second."""
        self.excerpts = {tag: (text, at) for tag, text in excerpts.items()}
        self.synonyms = [
            {"from_tag": dead, "to_tag": living, "creation_date": at, "applied_count": 0}
            for dead, living in renamed.items()
        ]

    def advance(self, now: float) -> None:
        """Carry out what is planned for up to `now`, in epoch seconds."""
        while self._planned and self._planned[0][0] <= now:
            self._apply(heapq.heappop(self._planned)[2])

    def entries(self, listing: Listing, sort: Sort) -> Sequence[tuple[int, int]]:
        """A listing's (sort field, question id), ascending."""
        return self._entries[listing][sort]

    def ids(self, listing: Listing) -> list[int]:
        """The ids of the questions that a listing shows now, oldest first."""
        return [question_id for _, question_id in self.entries(listing, Sort.CREATION)]

    def __contains__(self, question_id: int) -> bool:
        """Whether the API shows the question now."""
        question = self.questions.get(question_id)
        return question is not None and bool(question.listings())

    @property
    def planned(self) -> int:
        """How many changes are still to come."""
        return len(self._planned)

    def _apply(self, change: Change) -> None:
        before = self.questions[change.question_id]
        if before.deleted:
            return
        fields = dict(change.fields)
        if change.bumps:
            fields["last_activity_date"] = max(before.last_activity_date, int(change.at))
        after = replace(before, **fields)
        self.questions[change.question_id] = after
        for listing in before.listings():
            for sort, entries in self._entries[listing].items():
                del entries[bisect_left(entries, before.sort_key(sort))]
        for listing in after.listings():
            for sort, entries in self._entries[listing].items():
                insort(entries, after.sort_key(sort))


def _address(name: str, questions: Iterable[Question]) -> str:
    for question in questions:
        link = urlsplit(question.link)
        return f"{link.scheme}://{link.netloc}"
    return f"https://{name}.stackexchange.com"
