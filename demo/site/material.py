"""What the made-up site is written in: stories, topics and problems.

A story is a setting that any topic can borrow (bakeries, beehives, pumps). A topic is a field of
statistics with its problems, and with details, attempts and quotations that suit all of them.
Their texts stand in `texts/` and are kept as one reads them. A text of several alternatives is a
list, one `- ` each, with wrapped lines indented below it. Slots and choices stand in guillemets
(`demo.site.grammar`), and prose is a small Markdown (`demo.site.markdown`).
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import AfterValidator

_THREADS = re.compile(r"([a-e]+): ")


@cache
def alternatives(text: str) -> tuple[str, ...]:
    """Split a list of alternatives into its items, each on one line.

    Raises:
        ValueError: the text does not begin with an item.
    """
    items: list[list[str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("- "):
            items.append([line[2:]])
        elif items:
            items[-1].append(line)
        else:
            raise ValueError(f"expected an item that begins with '- ', found {line!r}")
    return tuple(" ".join(lines) for lines in items)


@cache
def on_thread(text: str, thread: str) -> tuple[str, ...]:
    """Return the alternatives that fit a thread, without the threads they name."""
    items = ((_THREADS.match(item), item) for item in alternatives(text))
    return tuple(
        item[match.end() :] if match else item
        for match, item in items
        if match is None or thread in match[1]
    )


@cache
def threads(text: str) -> str:
    """Return the threads that a list of alternatives names, "abc", or "a" where it names none."""
    found = {letter for item in alternatives(text) for letter in _letters(item)}
    return "".join(sorted(found)) or "a"


@cache
def weighted_tags(text: str, thread: str = "a") -> tuple[tuple[str, float], ...]:
    """Read `"lasso .8, b:r .3"` as pairs of a tag and its probability, as far as they fit."""
    pairs = []
    for tag, probability in (item.split() for item in text.split(",") if item.strip()):
        letters, colon, name = tag.rpartition(":")
        if not colon or thread in letters:
            pairs.append((name, float(probability)))
    return tuple(pairs)


def _letters(item: str) -> str:
    match = _THREADS.match(item)
    return match[1] if match else ""


def _has_alternatives(text: str) -> str:
    if not alternatives(text):
        raise ValueError("holds no item")
    return text


def _has_tags(text: str) -> str:
    try:
        for thread in "abcde":
            weighted_tags(text, thread)
    except ValueError:
        raise ValueError(f"expected tags as in 'lasso .8, r .3', found {text!r}") from None
    return text


Alternatives = Annotated[str, AfterValidator(_has_alternatives)]
WeightedTags = Annotated[str, AfterValidator(_has_tags)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A setting: who asks, and what the units, groups and measurements are called.

    `outcome`, `x` and `z` are nouns that need no article ("milk yield"), `treatment` brings
    its own ("the new script"), `event` can follow "time to" ("closure"), and `documents` is
    plural. `y` and what ends in `_name` are column names in code.
    """

    name: str
    place: str
    unit: str
    units: str
    group: str
    groups: str
    outcome: str
    x: str
    z: str
    treatment: str
    event: str
    documents: str
    period: str
    y: str
    x_name: str
    z_name: str
    unit_name: str
    group_name: str
    intros: Alternatives


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing people ask about, in several wordings.

    `tags` lists each tag with the probability that an author gives it: `"lasso .8, r .3"`.
    `says` describes the trouble (one alternative is used), `more` adds to it (any number is
    used), `asks` is the question itself. `intro` is false where a story's introduction would
    not fit, as in pure probability.

    Where the wordings differ in what they are about, each names its threads, `- ab: text`, and a
    question follows one thread; what names none fits all. Tags do the same, `"a:roc .5"`, and
    `code_for` gives the threads that a language's code belongs to, `"r ab, python c"`.
    """

    tags: WeightedTags
    titles: Alternatives
    says: Alternatives
    asks: Alternatives
    more: Alternatives = ""
    r: str = ""
    python: str = ""
    sql: str = ""
    output: str = ""
    code_for: str = ""
    intro: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A field with its problems; `weight` is how much of the site it makes up, relatively.

    `tags` are given beside a problem's own. `language` is set where a topic is about one.
    `aside` and `aside_tags` are what a question of another topic says when it touches this one
    in passing.
    """

    name: str
    weight: float
    tags: WeightedTags
    problems: tuple[Problem, ...]
    language: str = ""
    details: Alternatives = ""
    tried: Alternatives = ""
    quotes: Alternatives = ""
    aside: Alternatives = ""
    aside_tags: WeightedTags = ""
