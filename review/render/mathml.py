"""LaTeX as MathML, which browsers draw without a script; only what is known to be harmless."""

import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from typing import Final
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

log = logging.getLogger(__name__)

MOST_CHARACTERS: Final = 2000  # of one formula
_DEEPEST: Final = 60  # elements in each other; browsers cut at 512, and nobody reads such

_TAGS: Final = (
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle msub msup msubsup munder mover "
    "munderover mmultiscripts mprescripts mtable mtr mtd menclose mpadded mphantom"
)
_ATTRIBUTES: Final = (
    "display displaystyle scriptlevel stretchy fence form accent accentunder movablelimits "
    "largeop symmetric minsize maxsize linethickness columnalign mathvariant"
)
_KNOWN_TAGS: Final = frozenset(_TAGS.split())
_KNOWN_ATTRIBUTES: Final = frozenset(_ATTRIBUTES.split())
_SPACE: Final = re.compile(r"-?\d?(\.\d+)?(em|ex|mu|pt|px)")  # less than ten: none leaves the page
_HARMLESS: Final = re.compile(r"[\w.%+\- ]{1,40}", re.ASCII)
_ASCII_LETTER: Final = re.compile(r"&#x000[46]\w;|&#x000[57][0-9A]+;")  # what \mathrm makes of one

# LaTeX's words for the page that a formula stands on, and environments that would number lines.
_LAYOUT: Final = re.compile(r"\\(?:nonumber|notag)\b|\\label\{[^{}]*\}")
_NUMBERED: Final = re.compile(r"\\(begin|end)\{(align|equation|gather|multline|eqnarray)\}")
_ARG: Final = re.compile(r"\\arg\b")

# Bold italics as characters of their own: MathML Core knows no other way (first of each range).
_BOLD_ITALIC: Final = {"A": 0x1D468, "a": 0x1D482, "\u0391": 0x1D71C, "\u03b1": 0x1D736}
_BOLD: Final = {"A": 0x1D400, "a": 0x1D41A, "\u0391": 0x1D6A8, "\u03b1": 0x1D6C2, "0": 0x1D7CE}
_RANGE_LENGTHS: Final = {"A": 26, "a": 26, "\u0391": 25, "\u03b1": 25, "0": 10}


@lru_cache(maxsize=4096)
def to_mathml(latex: str, *, display: bool) -> Markup | None:
    """A formula as a <math> element; None where it cannot be converted.

    Args:
        latex: without its delimiters; at most 2,000 characters are tried.
        display: whether it stands on a line of its own.
    """
    if not latex.strip() or len(latex) > MOST_CHARACTERS:
        return None
    source = _ARG.sub(r"\\operatorname{arg}", _LAYOUT.sub("", latex))
    source = _NUMBERED.sub(r"\\\1{\2*}", source)
    try:
        element = convert_to_element(source, display="block" if display else "inline")
        return Markup("".join(_serialise(element, 0)))  # noqa: S704 (every text in it is escaped)
    except Exception:  # the converter fails in many ways on what is no LaTeX, or too deep
        log.debug("a formula stays as it is written", exc_info=True)
        return None


def _serialise(element: Element, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise RecursionError
    known = element.tag in _KNOWN_TAGS
    text = element.text or ""
    tag = "mi" if element.tag == "mo" and text.isalpha() else element.tag  # a function's name
    if known:
        attributes = dict(_attributes(element, text))
        text = _styled(unescape(text), attributes)
        yield f"<{tag}"
        yield from (f' {name}="{value}"' for name, value in attributes.items())
        yield ">"
    yield str(escape(text))
    for child in element:
        yield from _serialise(child, depth + 1)
        yield str(escape(unescape(child.tail or "")))
    if known:
        yield f"</{tag}>"
    if tag == "mi" and len(text) > 1 and text.isalpha():
        yield '<mspace width=".17em"></mspace>'  # as TeX has it


def _attributes(element: Element, text: str) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        if name in _KNOWN_ATTRIBUTES and _HARMLESS.fullmatch(value):
            yield name, value
        if (element.tag, name) == ("mspace", "width") and _SPACE.fullmatch(value):
            yield name, value
    if element.tag == "mi" and _ASCII_LETTER.fullmatch(text):
        yield "mathvariant", "normal"


def _styled(text: str, attributes: dict[str, str]) -> str:
    """The text in the characters of its variant, which is taken out of the attributes."""
    ranges = {"bold": _BOLD, "bold-italic": _BOLD_ITALIC}.get(attributes.get("mathvariant", ""))
    if ranges is None:
        return text
    del attributes["mathvariant"]
    return "".join(_variant(char, ranges) for char in text)


def _variant(char: str, ranges: dict[str, int]) -> str:
    for first, code in ranges.items():
        offset = ord(char) - ord(first)
        if 0 <= offset < _RANGE_LENGTHS[first]:
            return chr(code + offset)
    return char
