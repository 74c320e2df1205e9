import xml.etree.ElementTree as ET
from datetime import UTC, datetime

from review.notify.atom import as_atom
from review.notify.entries import Entry
from tests.review.browse.made_up_question import asked

AT = datetime(2026, 1, 2, tzinfo=UTC)
NOW = datetime(2026, 1, 9, tzinfo=UTC)
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def parsed(*entries: Entry) -> ET.Element:
    return ET.fromstring(as_atom(entries, title="stats", address="http://x/feed", now=NOW))


def text(element: ET.Element, path: str) -> str | None:
    return element.findtext(path, namespaces=ATOM)


def test_an_entry_has_what_the_standard_and_the_licence_ask_for() -> None:
    feed = parsed(Entry(asked(1), AT))
    assert text(feed, "a:updated") == AT.isoformat()
    (entry,) = feed.findall("a:entry", ATOM)
    assert text(entry, "a:id") == "tag:question-tagger,2026:stats/1/3"
    assert text(entry, "a:author/a:name") == "=HYPERLINK(evil)"
    assert text(entry, "a:rights") == "CC BY-SA 4.0"
    assert text(entry, "a:summary") == "Suggested: r (75%). Author's tags: r, c++."
    link = entry.find("a:link", ATOM)
    assert link is not None
    assert link.attrib["href"] == "https://stats.example/q/1"


def test_hostile_texts_leave_the_feed_whole() -> None:
    title = "\x00\x1b]]></title><script>\ud800\ufffe &"
    feed = parsed(Entry(asked(1, title, link="javascript:alert(1)"), AT))
    assert (text(feed, "a:entry/a:title") or "").endswith("&")
    assert feed.find("a:entry/a:link", ATOM) is None


def test_a_feed_without_entries_is_one_of_now() -> None:
    assert text(parsed(), "a:updated") == NOW.isoformat()
