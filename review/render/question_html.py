"""A question's body as the site shows it, made safe to show here.

nh3 takes out all but a few harmless elements. What it returns is read once more, as a stream:
images turn into links, addresses become absolute, headings fit below the page's own, and
formulas are drawn. MathML is therefore this project's own, never a stranger's.
"""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

import nh3
from markupsafe import Markup, escape

from review.render.flat_html import ATTRIBUTES, KEPT, REMOVED_WHOLE, VOID, flatten
from review.render.formulas import Budget, render_text
from review.render.plain_text import clean_text

MOST_CHARACTERS: Final = 100_000  # a site takes 30,000 of Markdown
_MANY_TAGS: Final = 2000
_DEEPEST: Final = 40  # elements in each other that are kept
_LAST_HEADING: Final = 6

_CLEANER: Final = nh3.Cleaner(
    tags=set(KEPT),
    clean_content_tags=set(REMOVED_WHOLE),
    attributes=ATTRIBUTES,
    url_schemes={"http", "https", "mailto"},
    link_rel=None,  # set below, with the rest of a link
    strip_comments=True,
)
_LINK: Final = 'rel="noreferrer noopener nofollow" target="_blank"'
_NO_ALT: Final = ("", "enter image description here", "image")  # the sites' own words


def render_body(html: str, *, images: bool, base: str | None = None) -> Markup:
    """A question's body, safe to stand in a page.

    Args:
        html: as the site's API gives it, or whatever else somebody stored.
        images: whether images are shown; otherwise each is a link with its alternative text.
        base: the question's address, by which relative addresses become whole; without one such
            links are text.
    """
    text = clean_text(html)
    is_cut = len(text) > MOST_CHARACTERS
    text = text[:MOST_CHARACTERS]
    if text.count("<") > _MANY_TAGS:
        text = flatten(text)
    writer = _Writer(images=images, base=base)
    writer.feed(_CLEANER.clean(text))
    writer.close()
    if is_cut:
        writer.add_note("The rest of this very long question is left out here.")
    return writer.result()


class _Writer(HTMLParser):
    """Writes clean HTML anew, a tag at a time; what nh3 has not let pass cannot come in here."""

    def __init__(self, *, images: bool, base: str | None) -> None:
        super().__init__(convert_charrefs=True)
        self._images = images
        self._base = base
        self._parts: list[str] = []
        self._open: list[tuple[str, str]] = []  # the element's name, and what closes it here
        self._heading = 1  # the page's own, above the body
        self._budget = Budget()

    def result(self) -> Markup:
        """What was written."""
        closing = [end for _, end in reversed(self._open)]
        return Markup("".join([*self._parts, *closing]))  # noqa: S704 (of clean parts)

    def add_note(self, note: str) -> None:
        """Add a line of the page's own."""
        self._parts.append(f'<p class="muted">{escape(note)}</p>')

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element's start."""
        values = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._parts.append(self._image(values))
        elif tag in VOID:
            self._parts.append(f"<{tag}>")
        else:
            start, end = self._element(tag, values) if self._has_room() else ("", "")
            self._parts.append(start)
            self._open.append((tag, end))

    def handle_endtag(self, tag: str) -> None:
        """Write an element's end; nh3's output closes in order whatever it opens."""
        if self._open and self._open[-1][0] == tag:
            self._parts.append(self._open.pop()[1])

    def handle_data(self, data: str) -> None:
        """Write text, with formulas where it is no code."""
        if self._is_inside("code", "pre", "kbd", "samp", "a"):
            self._parts.append(str(escape(data)))
        else:
            self._parts.append(str(render_text(data, self._budget)))

    def _has_room(self) -> bool:
        return len(self._open) < _DEEPEST

    def _is_inside(self, *tags: str) -> bool:
        return any(tag in tags for tag, _ in self._open)

    def _element(self, tag: str, values: Mapping[str, str]) -> tuple[str, str]:
        """What opens and what closes an element."""
        if tag == "a":
            return self._link(values.get("href", ""))
        if tag == "table":
            frame = '<div class="wide" tabindex="0" role="region" aria-label="Table">'
            return f'{frame}<table class="data">', "</table></div>"
        if tag == "pre":
            return '<pre tabindex="0">', "</pre>"
        if tag == "ol" and re.fullmatch(r"\d{1,6}", values.get("start", "")):
            return f'<ol start="{values["start"]}">', "</ol>"
        if re.fullmatch("h[1-6]", tag):
            # No level is left out, whatever the author did, so that the outline can be walked.
            self._heading = min(int(tag[1]) + 1, self._heading + 1, _LAST_HEADING)
            tag = f"h{self._heading}"
        return f"<{tag}>", f"</{tag}>"

    def _link(self, href: str) -> tuple[str, str]:
        address = self._absolute(href)
        if address is None:
            return "", ""
        return f'<a href="{escape(address)}" {_LINK}>', "</a>"

    def _image(self, values: Mapping[str, str]) -> str:
        address = self._absolute(values.get("src", ""))
        if address is None or address.startswith("mailto:"):
            return ""
        alt = values.get("alt", "").strip()
        said = alt if alt.lower() not in _NO_ALT else ""
        if self._images:
            return (
                f'<img src="{escape(address)}" alt="{escape(said)}" loading="lazy" '
                'decoding="async" referrerpolicy="no-referrer">'
            )
        shown = escape(f"Image: {said or _short(address)}")
        if self._is_inside("a"):  # a link holds no other
            return f'<span class="image-link">{shown}</span>'
        return f'<a class="image-link" href="{escape(address)}" {_LINK}>{shown}</a>'

    def _absolute(self, address: str) -> str | None:
        """The whole address, or None where it leads nowhere."""
        if not address.strip():  # nh3 takes out javascript: and its like
            return None
        try:
            whole = urljoin(self._base or "", address.strip())
            parts = urlsplit(whole)
        except ValueError:
            return None
        if parts.scheme == "mailto":
            return whole
        return whole if parts.scheme in ("http", "https") and parts.netloc else None


def _short(address: str) -> str:
    """An address as it is shown: its host and the end of its path."""
    parts = urlsplit(address)
    shown = f"{parts.netloc}{parts.path}"
    return shown if len(shown) <= 60 else f"{shown[:28]}…{shown[-28:]}"
