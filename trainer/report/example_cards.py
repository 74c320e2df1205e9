"""The questions of a report, each with its author's tags and those that the candidate finds."""

from collections.abc import Sequence
from html import escape

from trainer.evaluation.examples import Example, ProbableTag


def example_cards(title: str, note: str, examples: Sequence[Example]) -> str:
    """A section of questions."""
    cards = "\n".join(_card(example) for example in examples)
    return (
        f'<section class="examples"><h2>{escape(title)}</h2>\n<p>{escape(note)} Green tags are '
        f"the author's; framed ones are suggested.</p>\n{cards}</section>"
    )


def _card(example: Example) -> str:
    own = " ".join(f'<span class="tag">{escape(tag)}</span>' for tag in example.tags)
    found = " ".join(_found(one, example.tags) for one in example.found)
    return (
        f"<article><h3>{_title(example)}</h3>\n"
        f"<dl><dt>author</dt><dd>{own}</dd><dt>candidate</dt><dd>{found}</dd>"
        f"<dt>nDCG@5</dt><dd>{example.quality:.3f}</dd></dl></article>"
    )


def _title(example: Example) -> str:
    """The title, a link where the link is one to the web: another kind could run a script."""
    title = escape(example.title)
    if example.link is None or not example.link.startswith(("https://", "http://")):
        return title
    return f'<a href="{escape(example.link)}" rel="noopener noreferrer">{title}</a>'


def _found(one: ProbableTag, own: Sequence[str]) -> str:
    kinds = ["tag", "right" if one.tag in own else "wrong"]
    if one.suggested:
        kinds.append("suggested")
    return f'<span class="{" ".join(kinds)}">{escape(one.tag)} <b>{one.probability:.2f}</b></span>'
