"""A report's page: one HTML file that holds its style and its pictures and needs nothing else.

Pictures are images, in which nothing runs, and the page's policy lets the browser load nothing
else and run no script but the page's own.
"""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from importlib.resources import files


def page(title: str, sections: Sequence[str], *, script: str = "", broad: bool = False) -> str:
    """Return the text of an HTML file.

    Args:
        title: plain text.
        sections: HTML, in which every word of a stranger is escaped.
        script: runs when the page is there.
        broad: whether it holds a table of very many columns.
    """
    style = files("trainer.pages").joinpath("page.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n{_policy(style, script)}\n'
        f"<title>{escape(title)}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{style}</style></head>\n<body><main{' class=broad' if broad else ''}>\n"
        f"<h1>{escape(title)}</h1>\n"
        + "\n".join(sections)
        + f"\n</main>{f'<script>{script}</script>' if script else ''}</body></html>\n"
    )


def _policy(style: str, script: str) -> str:
    runs = _source(script) if script else "'none'"
    return (
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        f"style-src {_source(style)}; script-src {runs}; base-uri 'none'; form-action 'none'\">"
    )


def _source(text: str) -> str:
    """How a policy names what stands in the page itself (CSP level 2)."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def picture(title: str, svg: str, note: str) -> str:
    """A section of a picture; all three are plain text but for the SVG."""
    address = base64.b64encode(svg.encode()).decode()
    return (
        f"<section><h2>{escape(title)}</h2>\n<p>{escape(note)}</p>\n"
        f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{address}"></section>'
    )
