"""Strangers' text without what upsets the text around it."""

import re
import unicodedata
from typing import Final

# Not text: control characters but tab and line feed; halves of a character; marks that turn the
# direction of all that follows (Unicode's bidirectional algorithm, UAX 9: embeddings, overrides
# and isolates).
_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_MOST_MARKS: Final = 6  # upon one letter; more of them cover the lines above and below


def clean_text(text: str) -> str:
    """The text without control characters, lone surrogates, turned directions and piled marks."""
    text = _UNFIT.sub(_replace, text)
    return text if text.isascii() else _thin_marks(text)


def _replace(match: re.Match[str]) -> str:
    if match[0] == "\r":
        return "\n"
    return "\ufffd" if "\ud800" <= match[0] <= "\udfff" else ""


def _thin_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)
