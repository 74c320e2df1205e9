"""The poller's feeds by name, and the method of the API that each of them asks."""

from typing import Literal

from core.settings import PolledQuestions

FeedName = Literal["live", "changed", "refresh", "synonyms", "wikis", "history"]

# Who goes first.
FEEDS: tuple[FeedName, ...] = ("live", "changed", "refresh", "synonyms", "wikis", "history")


def method_of(feed: FeedName, polled: PolledQuestions) -> str:
    """The API's method that a feed asks; `polled` is the setting FEED."""
    if feed == "synonyms":
        return "tags/synonyms"
    if feed == "wikis":
        return "tags/{tags}/wikis"
    if feed == "refresh":
        return "questions/{ids}"
    return "questions" if feed == "history" or polled == "questions" else f"questions/{polled}"
