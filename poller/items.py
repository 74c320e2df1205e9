"""From the items of an answer to questions. One that cannot be read is reported, and stops nothing.

Fields as in https://api.stackexchange.com/docs/types/question. Titles, tags and names come
HTML-escaped and are unescaped once; bodies are HTML and stay so.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from core.questions.files.rows import MAX_BODY, MAX_LINK, MAX_NAME, MAX_TAG, MAX_TAGS, MAX_TITLE
from core.questions.store import FetchedQuestion, State, clean_text
from core.settings import PolledQuestions
from core.untrusted import is_readable, printable

_LARGEST = 2**63 - 1  # of a database's whole numbers
_LATEST = 4_102_444_800  # 2100: a date beyond is none
_ID_IN_LINK = re.compile(r"/(?:questions|q)/(\d{1,18})\b")


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """An item that is no readable question.

    Attributes:
        item: its number or, where it has none, a digest of what came.
        question_id: its number, from the item or from its link.
        reason: what is wrong with it.
    """

    item: str
    question_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Items:
    """What the items of an answer turned out to be."""

    questions: tuple[FetchedQuestion, ...]
    skipped: tuple[UnreadableItem, ...]

    @property
    def unidentified(self) -> bool:
        """Whether one of them does not say which question it is."""
        return any(item.question_id is None for item in self.skipped)

    def keys(self) -> frozenset[str]:
        """Each item's number or, where it has none, its digest."""
        read = (str(question.question_id) for question in self.questions)
        return frozenset(read) | {item.item for item in self.skipped}


class _UnreadableError(Exception):
    """An item lacks what a question needs; the text says what."""


def read_items(
    items: Iterable[object],
    *,
    site: str,
    polled: PolledQuestions,
    others: Collection[str] = (),
) -> Items:
    """Read each item by itself.

    Args:
        items: as the answer holds them.
        site: where they come from.
        polled: which new questions are polled: it says what counts as answered.
        others: hosts of other sites, whose questions are none of this one.
    """
    questions: list[FetchedQuestion] = []
    skipped: list[UnreadableItem] = []
    for item in items:
        try:
            question = _read(item, site, polled)
            _check_host(question.link, others)
            questions.append(question)
        except _UnreadableError as error:
            skipped.append(_skipped(item, str(error)))
    return Items(tuple(questions), tuple(skipped))


def date_of(item: object, field: str) -> int | None:
    """A date of an item in epoch seconds, also where the rest of the item cannot be read."""
    value = item.get(field) if isinstance(item, dict) else None
    return value if _is_whole(value) and 0 < value < _LATEST else None


def host_of(address: str) -> str:
    """The host of a web address in lower case; empty where it is none."""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:  # as of http://[
        return ""


def _read(item: object, site: str, polled: PolledQuestions) -> FetchedQuestion:
    if not isinstance(item, dict):
        raise _UnreadableError(f"it is of type {type(item).__name__}")
    created = date_of(item, "creation_date")
    if created is None:
        raise _UnreadableError(_fault(item, "creation_date"))
    active = date_of(item, "last_activity_date")
    return FetchedQuestion(
        site=site,
        question_id=_question_id(item),
        title=unescape(_text(item, "title", MAX_TITLE)),
        body=_text(item, "body", MAX_BODY),
        author_tags=_tags(item),
        link=_link(item),
        owner=_owner(item),
        licence=_optional_text(item.get("content_license"), MAX_NAME),
        score=_optional_number(item.get("score")),
        answer_count=_optional_number(item.get("answer_count")),
        created_at=_time(created),
        last_activity_at=_time(created if active is None else active),
        state=_state(item, polled),
    )


def _check_host(link: str | None, others: Collection[str]) -> None:
    host = host_of(link or "")
    if host in others:
        raise _UnreadableError(f"it is of another site, {host}")


def _question_id(item: Mapping[str, Any]) -> int:
    value = item.get("question_id")
    if not _is_whole(value) or not 0 < value <= _LARGEST:
        raise _UnreadableError(_fault(item, "question_id"))
    return value


def _text(item: Mapping[str, Any], field: str, longest: int) -> str:
    value = item.get(field)
    if isinstance(value, str) and len(value) > longest:
        raise _UnreadableError(f"{field} has more than {longest:,} characters")
    if not isinstance(value, str) or not clean_text(value).strip():
        raise _UnreadableError(_fault(item, field))
    return clean_text(value)


def _tags(item: Mapping[str, Any]) -> tuple[str, ...]:
    tags = item.get("tags")
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag for tag in tags):
        raise _UnreadableError(_fault(item, "tags"))
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags):
        raise _UnreadableError(
            f"more than {MAX_TAGS} tags, or one of more than {MAX_TAG} characters"
        )
    cleaned = dict.fromkeys(clean_text(unescape(tag)) for tag in tags)
    return tuple(tag for tag in cleaned if is_readable(tag))


def _fault(item: Mapping[str, Any], field: str) -> str:
    if field not in item:
        return f"no {field}"
    return f"{field} is {str(item[field])[:40]!r}"


def _link(item: Mapping[str, Any]) -> str | None:
    """The link, if it is one that a page may show."""
    link = _optional_text(item.get("link"), MAX_LINK)
    return link if link is not None and link.startswith(("https://", "http://")) else None


def _owner(item: Mapping[str, Any]) -> str | None:
    """The author's name; authors whose account is gone have only that, some items have none."""
    owner = item.get("owner")
    name = owner.get("display_name") if isinstance(owner, dict) else None
    return _optional_text(printable(unescape(name)) if isinstance(name, str) else None, MAX_NAME)


def _state(item: Mapping[str, Any], polled: PolledQuestions) -> State:
    if item.get("migrated_to"):
        return "migrated"
    if item.get("closed_date"):
        return "closed"
    answered = {
        "unanswered": item.get("is_answered") is True,
        "no-answers": bool(_optional_number(item.get("answer_count"))),
        "questions": False,  # who polls all questions wants the answered ones too
    }
    return "answered" if answered[polled] else "open"


def _skipped(item: object, reason: str) -> UnreadableItem:
    number = _known_id(item)
    if number is not None:
        return UnreadableItem(str(number), number, reason)
    seen = json.dumps(item, sort_keys=True, default=str).encode()
    return UnreadableItem(hashlib.sha256(seen).hexdigest()[:32], None, reason)


def _known_id(item: object) -> int | None:
    """The question's number, to ask for it again: its own or the one in its link."""
    if not isinstance(item, dict):
        return None
    value = item.get("question_id")
    if _is_whole(value) and 0 < value <= _LARGEST:
        return value
    found = _ID_IN_LINK.search(str(item.get("link")))
    return int(found.group(1)) if found else None


def _optional_text(value: object, longest: int) -> str | None:
    """A text that a question can do without, and does without where it is longer than that."""
    return clean_text(value) or None if isinstance(value, str) and len(value) <= longest else None


def _optional_number(value: object) -> int | None:
    return value if _is_whole(value) and abs(value) <= _LARGEST else None


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
