"""Fault injection: which request is answered how badly, and which items are broken.

All of it follows from one frozen `Faults`: by a script (request by request), by a schedule
(between two moments), and at random with a seed. The same settings and the same requests give the
same faults.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from demo.standin.items import deleted_owner
from demo.standin.rng import KeyedRng
from demo.standin.site import Question

# JSON that is no answer, and answers that are none when looked at.
WRONG_JSON: tuple[object, ...] = (
    [],
    None,
    "throttled",
    42,
    {},
    {"items": None, "has_more": False},
    {"items": "none", "has_more": False},
    {"items": {"1": {}}, "has_more": False},
    {"items": [], "has_more": "no", "quota_max": "many", "quota_remaining": None},
)

HUGE_BODY = "<p>" + "All work and no play. " * 50_000 + "</p>"  # 1.1 MB


class Failure(StrEnum):
    """What a client can get in place of a good answer."""

    REFUSED = "connection_refused"  # the only one that never reaches the API
    RESET = "connection_reset"
    SILENT = "no_answer"  # until the client's own read time-out
    EMPTY = "empty_body"
    HTML = "html_with_200"
    SERVER_ERROR = "html_with_5xx"
    WRONG_JSON = "json_of_wrong_type"
    TRUNCATED = "truncated_gzip"  # with the length of what is sent
    INCOMPLETE = "incomplete_read"  # with the length of what should have been sent
    CORRUPT = "corrupt_gzip"
    NO_ENCODING = "missing_content_encoding"  # gzip that does not say so
    PLAIN = "uncompressed"
    THROTTLE = "throttle_violation"
    CUT_OFF = "throttled_in_an_undefined_format"
    INTERNAL = "internal_error"
    UNAVAILABLE = "temporarily_unavailable"


class ItemFault(StrEnum):
    """What can be wrong with one item of a good answer."""

    NO_OWNER = "no_owner"
    DELETED_OWNER = "deleted_owner"
    HUGE_BODY = "huge_body"
    NO_TAGS = "no_tags"
    TAGS_TEXT = "tags_as_text"
    NO_TITLE = "no_title"
    TITLE_NULL = "title_null"
    TITLE_NUMBER = "title_as_number"
    NO_BODY = "no_body"
    NO_ID = "no_question_id"
    ID_TEXT = "question_id_as_text"
    NO_CREATION_DATE = "no_creation_date"
    CREATION_DATE_TEXT = "creation_date_as_text"
    NOT_AN_OBJECT = "not_an_object"


@dataclass(frozen=True)
class Scheduled:
    """A failure between two moments, in seconds after the stand-in's start.

    `share` of the requests meet it; `method` (such as `questions/unanswered`) narrows it.
    """

    failure: Failure
    start: float
    end: float
    share: float = 1.0
    method: str | None = None


@dataclass(frozen=True)
class Faults:
    """The stand-in's misbehaviour. Shares lie between 0 and 1; the default misbehaves nowhere.

    The first request meets the first failure of the `script`, and so on; then the `schedule`
    decides, then chance.
    """

    seed: int = 0
    script: tuple[Failure | None, ...] = ()
    schedule: tuple[Scheduled, ...] = ()
    failures: Mapping[Failure, float] = field(default_factory=dict)  # share of requests, each
    backoff: float = 0.0  # share of good answers that ask the client to stay away
    backoff_seconds: tuple[int, int] = (1, 30)
    throttle_seconds: tuple[int, int] = (10, 600)
    cut_off_seconds: tuple[int, int] = (30, 120)
    plain_errors: float = 0.0  # share of the API's errors that are not compressed
    vanishing: float = 0.0  # share of full pages of which one question is removed afterwards
    broken_questions: float = 0.0  # share of questions that are broken in every answer
    broken_items: float = 0.0  # share of items that are broken once
    item_faults: tuple[ItemFault, ...] = tuple(ItemFault)

    def __post_init__(self) -> None:
        shares: dict[str, float] = {
            **{failure.value: share for failure, share in self.failures.items()},
            "failures together": sum(self.failures.values()),
            "backoff": self.backoff,
            "plain_errors": self.plain_errors,
            "vanishing": self.vanishing,
            "broken_questions": self.broken_questions,
            "broken_items": self.broken_items,
        }
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name}: a share lies between 0 and 1, not at {share}")

    @property
    def rng(self) -> KeyedRng:
        """What decides what is left to chance."""
        return KeyedRng(self.seed)

    def failure(self, number: int, elapsed: float, method: str) -> Failure | None:
        """What request `number` (from 0) meets, `elapsed` seconds after the start."""
        if number < len(self.script):
            return self.script[number]
        for entry in self.schedule:
            here = entry.start <= elapsed < entry.end and entry.method in (None, method)
            if here and self.rng.chance(entry.share, "schedule", number):
                return entry.failure
        return self._by_chance(self.rng.uniform("failure", number))

    def broken(self, site: str, question_id: int) -> ItemFault | None:
        """What is wrong with a question in every answer, if anything."""
        key = ("question", site, question_id)
        if not self.rng.chance(self.broken_questions, *key):
            return None
        return self.rng.pick(self.item_faults, "kind", *key)

    def item_fault(self, number: int, site: str, question_id: int) -> ItemFault | None:
        """What is wrong with a question in the answer to request `number`."""
        always = self.broken(site, question_id)
        key = ("item", number, site, question_id)
        if always or not self.rng.chance(self.broken_items, *key):
            return always
        return self.rng.pick(self.item_faults, "kind", *key)

    def _by_chance(self, drawn: float) -> Failure | None:
        for failure, share in self.failures.items():
            if drawn < share:
                return failure
            drawn -= share
        return None


def damage(item: dict[str, Any], fault: ItemFault, question: Question) -> object:
    """The item with one fault in it."""
    if fault is ItemFault.NOT_AN_OBJECT:
        return question.question_id
    damaged = dict(item)
    for name in _REMOVES.get(fault, ()):
        damaged.pop(name, None)
    for name, value in _REPLACES.get(fault, {}).items():
        if name in damaged:
            damaged[name] = value(question)
    return damaged


_REMOVES: Mapping[ItemFault, tuple[str, ...]] = {
    ItemFault.NO_OWNER: ("owner",),
    ItemFault.NO_TAGS: ("tags",),
    ItemFault.NO_TITLE: ("title",),
    ItemFault.NO_BODY: ("body",),
    ItemFault.NO_ID: ("question_id",),
    ItemFault.NO_CREATION_DATE: ("creation_date",),
}

_REPLACES: Mapping[ItemFault, Mapping[str, Callable[[Question], object]]] = {
    ItemFault.DELETED_OWNER: {"owner": lambda question: deleted_owner(question.question_id)},
    ItemFault.HUGE_BODY: {"body": lambda _: HUGE_BODY},
    ItemFault.TAGS_TEXT: {"tags": lambda question: " ".join(question.tags)},
    ItemFault.TITLE_NULL: {"title": lambda _: None},
    ItemFault.TITLE_NUMBER: {"title": lambda question: question.question_id},
    ItemFault.ID_TEXT: {"question_id": lambda question: f"q{question.question_id}"},
    ItemFault.CREATION_DATE_TEXT: {"creation_date": lambda _: "yesterday"},
}


class Preset(StrEnum):
    """Settings that have a name."""

    NONE = "none"
    SOME = "some"  # a bad day of the real API
    ALL = "all"  # every fault at once

    def faults(self, seed: int = 0) -> Faults:
        """The settings, with their chance fixed by a seed."""
        if self is Preset.NONE:
            return Faults(seed=seed)
        if self is Preset.SOME:
            rare = dict.fromkeys(Failure, 0.002)
            return Faults(seed=seed, failures=rare, backoff=0.05, plain_errors=0.5)
        return Faults(
            seed=seed,
            failures=dict.fromkeys(Failure, 0.01),
            backoff=0.1,
            plain_errors=0.5,
            vanishing=0.05,
            broken_questions=0.002,
            broken_items=0.002,
        )
