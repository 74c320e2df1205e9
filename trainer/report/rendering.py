"""A report's page: one HTML file that holds its style and its pictures and needs nothing else.

Titles, texts, tags and errors are strangers': the templates escape every word. Pictures are
images, in which nothing runs, and the page's policy lets the browser load nothing else and run no
script but the page's own.
"""

import base64
import hashlib
import math
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from core.wording import counted
from trainer.report.metric_names import format_metric


def render(
    template: str, *, title: str, script: str = "", broad: bool = False, **context: Any
) -> str:
    """Return the text of an HTML file.

    Args:
        template: its name in `templates/`; it fills page.html.
        title: of the page.
        script: runs when the page is there.
        broad: whether it holds a table of very many columns.
        context: what the template shows.
    """
    page = _environment().get_template(template)
    style = read_file("page.css")
    # The only texts that are not escaped: files of this folder, and browsers read what stands in
    # <style> and <script> as it is. A picture's SVG needs no such trust, it comes in as base64.
    own = {"style": Markup(style), "script": Markup(script)}  # noqa: S704
    return page.render(title=title, broad=broad, **own, **context)


def read_file(name: str) -> str:
    """Return the text of a file that stands beside this one."""
    return files("trainer.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("trainer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        base64=_base64,
        csp_hash=_csp_hash,
        metric=lambda value, name: format_metric(name, value),
        fixed=lambda number, digits: f"{number:.{digits}f}",
        significant=lambda number, digits: f"{number:.{digits}g}",
        signed=lambda number: f"{number:+.4f}",
        counted=counted,
        thousands=lambda number, digits=0: f"{number:,.{digits}f}",
        percent=lambda share: f"{share:.1%}",
    )
    environment.tests["nan"] = math.isnan
    return environment


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _csp_hash(text: str) -> str:
    """How a policy names what stands in the page itself (CSP level 2)."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"sha256-{digest}"
