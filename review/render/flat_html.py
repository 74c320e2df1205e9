"""HTML of a great many tags made plain enough to be cleaned in a moment.

nh3's time grows with the square of the depth, and that of lxml's tree with the square of a tag's
attributes. So it is read as a stream, and what would be cleaned away is not written at all.
"""

from collections.abc import Mapping
from typing import Final

from lxml import etree
from markupsafe import escape

_BLOCKS: Final = (
    "p div blockquote pre ul ol li dl dt dd table thead tbody tfoot tr th td hr h1 h2 h3 h4 h5 h6"
)
_INLINE: Final = "a img br code kbd samp var em strong b i s del ins sub sup small mark abbr q cite"
_UNSHOWN: Final = (
    "script style svg math template noscript iframe object embed title textarea select audio "
    "video canvas"
)
KEPT: Final = frozenset(f"{_BLOCKS} {_INLINE}".split())
REMOVED_WHOLE: Final = frozenset(_UNSHOWN.split())  # with what stands in them
_HIDING: Final = REMOVED_WHOLE - {"embed"}  # in which nothing stands, though libxml2 closes it late
VOID: Final = frozenset({"br", "hr", "img"})
ATTRIBUTES: Final = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}
_DEEPEST: Final = 200  # elements in each other; the text of those within them stays


def flatten(html: str) -> str:
    """The same HTML for the eye, with the elements and attributes alone that a question keeps.

    It is not safe yet: that is for nh3 to see to.
    """
    parser = etree.HTMLParser(encoding="utf-8", target=_Writer())
    parser.feed(f"<body>{html}".encode("utf-8", "replace"))
    return str(parser.close())


class _Writer:
    """A target of lxml's HTMLParser, which closes whatever it opens."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._depth = 0
        self._hidden = 0  # how many elements are open whose text is shown nowhere

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._hidden += tag in _HIDING
        if tag not in KEPT:
            return
        self._depth += tag not in VOID
        if self._depth <= _DEEPEST:
            names = ATTRIBUTES.get(tag, set()) & attributes.keys()
            written = (f' {name}="{escape(attributes[name])}"' for name in sorted(names))
            self._add(f"<{tag}{''.join(written)}>")

    def end(self, tag: str) -> None:
        self._hidden -= tag in _HIDING
        if tag in KEPT - VOID:
            if self._depth <= _DEEPEST:
                self._add(f"</{tag}>")
            self._depth -= 1

    def data(self, text: str) -> None:
        self._add(str(escape(text)))

    def close(self) -> str:
        return "".join(self._parts)

    def _add(self, part: str) -> None:
        if not self._hidden:
            self._parts.append(part)
