r"""The little Markdown the made-up site is written in, as HTML like StackExchange's own.

Inline: `code` in backticks, `*emphasis*`, `**strong**`, `[text](address)`, and LaTeX in
`$…$` and `$$…$$`, which stays as it is but for the escaping of `&`, `<` and `>`.
"""

import re
from collections.abc import Iterable
from html import escape

_INLINE = re.compile(
    r"(?P<math>\$\$.+?\$\$|\$[^$]+\$)"
    r"|`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|\*(?P<em>[^*\s][^*]*)\*"
    r"|\[(?P<text>[^\]]+)\]\((?P<href>https?://[^)\s]+)\)"
)


def inline(text: str) -> str:
    """Turn one paragraph's Markdown into HTML, everything else escaped."""
    parts: list[str] = []
    end = 0
    for match in _INLINE.finditer(text):
        parts += escape(text[end : match.start()], quote=False), _element(match)
        end = match.end()
    return "".join(parts) + escape(text[end:], quote=False)


def paragraph(text: str) -> str:
    """Return the text as `<p>`."""
    return f"<p>{inline(text)}</p>"


def bullets(items: Iterable[str]) -> str:
    """Return the items as `<ul>`."""
    return f"<ul>\n{_items(items)}\n</ul>"


def numbered(items: Iterable[str]) -> str:
    """Return the items as `<ol>`."""
    return f"<ol>\n{_items(items)}\n</ol>"


def quotation(text: str) -> str:
    """Return the text as `<blockquote>`."""
    return f"<blockquote>\n  {paragraph(text)}\n</blockquote>"


def code_block(code: str) -> str:
    """Return the code as the site's `<pre><code>`, with its last line break."""
    return f"<pre><code>{escape(code.strip(), quote=False)}\n</code></pre>"


def _items(items: Iterable[str]) -> str:
    return "\n".join(f"<li>{inline(item)}</li>" for item in items)


def _element(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "math":
        return escape(match["math"], quote=False)
    if kind == "href":
        return f'<a href="{escape(match["href"])}" rel="nofollow">{inline(match["text"])}</a>'
    tag = str(kind)
    return f"<{tag}>{escape(match[tag], quote=False)}</{tag}>"
