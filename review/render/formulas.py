"""Finds the formulas in a text, as MathJax does on the sites, and draws them."""

import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from review.render.mathml import MOST_CHARACTERS, to_mathml
from review.render.plain_text import clean_text

_OPENS: Final = re.compile(r"\\\\|\\\$|\$\$|\$|\\\(|\\\[|\\begin\{([A-Za-z]{1,20}\*?)\}")
_CLOSES: Final = {"$$": "$$", "$": "$", r"\(": r"\)", r"\[": r"\]"}
_LONG: Final = 60  # characters of LaTeX, from which on an inline formula may be wider than a phone


@dataclass
class Budget:
    """What is spent on the formulas of one question, so that none takes seconds.

    Attributes:
        formulas: how many more are converted; the others stay as they are written.
        characters: how much LaTeX in all.
    """

    formulas: int = 300
    characters: int = 20_000

    def grants(self, latex: str) -> bool:
        """Whether one more formula is converted; counts it."""
        self.formulas -= 1
        self.characters -= len(latex)
        return self.formulas >= 0 and self.characters >= 0


@dataclass(frozen=True, slots=True)
class _Formula:
    start: int
    end: int
    latex: str
    display: bool


def render_text(text: str, budget: Budget | None = None, *, in_link: bool = False) -> Markup:
    r"""A text, escaped, with its formulas as MathML.

    Formulas stand between `$`, `$$`, `\(` `\)`, `\[` `\]` or `\begin{…}` `\end{…}`. What cannot
    be converted stays as it is written; in a link also what would have to scroll, since nothing in
    it can be focused.
    """
    budget = budget or Budget()
    parts: list[Markup] = []
    done = position = 0
    while found := _OPENS.search(text, position):
        formula = _read_formula(text, found)
        position = formula.end if formula else found.end()
        drawn = _draw(formula, budget, in_link=in_link) if formula else None
        if formula and drawn is not None:
            parts += [escape(text[done : formula.start]), drawn]
            done = formula.end
    parts.append(escape(text[done:]))
    return Markup("").join(parts)


def render_title(title: str, *, in_link: bool = False) -> Markup:
    """A question's title as HTML: one line of text, with its formulas."""
    return render_text(" ".join(clean_text(title).split())[:500], in_link=in_link)


def _read_formula(text: str, opening: re.Match[str]) -> _Formula | None:
    """The formula that begins here, if one does."""
    start, inner = opening.span()
    opener = opening[0]
    if environment := opening[1]:
        closer = rf"\end{{{environment}}}"
        end = text.find(closer, inner, inner + MOST_CHARACTERS)
        after = end + len(closer)
        return None if end < 0 else _Formula(start, after, text[start:after], display=True)
    if opener not in _CLOSES:  # an escaped dollar, a line break
        return None
    closer = _CLOSES[opener]
    end = _find_dollar(text, inner) if opener == "$" else text.find(closer, inner, inner + 2000)
    latex = text[inner:end]
    if end < 0 or "\n\n" in latex or (opener == "$" and not _is_inline(text, inner, end)):
        return None
    return _Formula(start, end + len(closer), latex, display=opener in ("$$", r"\["))


def _find_dollar(text: str, start: int) -> int:
    """Where the next dollar stands that is not escaped; -1 for nowhere near."""
    end = text.find("$", start, start + MOST_CHARACTERS)
    while end > 0 and text[end - 1] == "\\" and text[end - 2] != "\\":
        end = text.find("$", end + 1, start + MOST_CHARACTERS)
    return end


def _is_inline(text: str, start: int, end: int) -> bool:
    """Whether two dollars hold a formula, and are no prices: "$5 to $10" (as Pandoc tells)."""
    inside = text[start:end]
    return bool(inside) and inside == inside.strip() and not text[end + 1 : end + 2].isdigit()


def _draw(formula: _Formula, budget: Budget, *, in_link: bool) -> Markup | None:
    if not budget.grants(formula.latex):
        return None
    if in_link:
        return None if len(formula.latex) > _LONG else to_mathml(formula.latex, display=False)
    drawn = to_mathml(formula.latex, display=formula.display)
    if drawn is None:
        return None
    if formula.display:
        return Markup('<span class="formula" tabindex="0">{}</span>').format(drawn)
    if len(formula.latex) > _LONG:
        return Markup('<span class="formula inline" tabindex="0">{}</span>').format(drawn)
    return drawn
