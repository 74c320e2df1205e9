"""Entries as an Atom feed (RFC 4287)."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from review.notify.entries import Entry

MEDIA_TYPE: Final = "application/atom+xml; charset=utf-8"
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"


def as_atom(entries: Sequence[Entry], *, title: str, address: str, now: datetime) -> bytes:
    """The feed; its newest change is that of its newest entry.

    Args:
        entries: in the order in which they are to stand.
        title: of the feed.
        address: names the feed for good: without the key of whoever reads it.
        now: UTC, for a feed without entries.
    """
    feed = ET.Element("feed", xmlns=_NAMESPACE)
    _add(feed, "id", address)
    _add(feed, "title", title)
    _add(feed, "updated", max((entry.at for entry in entries), default=now).isoformat())
    for entry in entries:
        _add_entry(feed, entry)
    whole: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return whole


def _add_entry(feed: ET.Element, entry: Entry) -> None:
    question = entry.question
    element = ET.SubElement(feed, "entry")
    name = f"{question.site}/{question.question_id}/{question.model_version}"
    _add(element, "id", f"tag:question-tagger,2026:{name}")
    _add(element, "title", question.title)
    _add(element, "updated", entry.at.isoformat())
    _add(ET.SubElement(element, "author"), "name", question.owner or "unknown")
    if question.licence:
        _add(element, "rights", question.licence)
    if question.link and question.link.startswith(("https://", "http://")):
        ET.SubElement(element, "link", rel="alternate", href=_clean(question.link))
    for tag in question.suggested:
        ET.SubElement(element, "category", term=_clean(tag.tag))
    _add(element, "summary", _summary(entry))


def _summary(entry: Entry) -> str:
    question = entry.question
    suggested = ", ".join(f"{tag.tag} ({tag.probability:.0%})" for tag in question.suggested)
    authors = ", ".join(question.author_tags)
    return f"Suggested: {suggested or 'none'}. Author's tags: {authors or 'none'}."


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    """A text without what XML 1.0 cannot hold."""
    return "".join(char if char.isprintable() else " " for char in text)
