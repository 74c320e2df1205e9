"""Which tags imply others, and which may be the same, learned from how authors use them.

`python-3.x` implies `python` where nearly all questions with the first have the second too. How
sure that is tells the lower end of the share's interval (`review/measures/statistics.py`): three of
three are no evidence.

Synonyms hardly ever stand together, so their own co-occurrence tells nothing. Proposed are tags
whose names differ only by hyphens, dots, case or a plural, and that keep the same company: the
cosine of what they stand beside. They are proposals for a person, no more.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import sqrt
from typing import Final

from review.measures.statistics import Share

LEAST_BOUND: Final = 0.7  # of a share that counts as implied
LEAST_QUESTIONS: Final = 10
LEAST_COSINE: Final = 0.3
MOST_TOGETHER: Final = 0.1  # of the rarer one of two synonyms


@dataclass(frozen=True, slots=True)
class Implication:
    """That a tag nearly always comes with another, more common one.

    Attributes:
        tag: which implies.
        parent: what it implies.
        questions: with the tag.
        together: of them, with the parent too.
        parent_questions: with the parent.
    """

    tag: str
    parent: str
    questions: int
    together: int
    parent_questions: int

    @property
    def confidence(self) -> float:
        """Share of the tag's questions that have the parent too."""
        return self.together / self.questions

    @property
    def bound(self) -> float:
        """The lower bound of Wilson's interval for it."""
        return Share(self.together, self.questions).interval()[0]


@dataclass(frozen=True, slots=True)
class Synonym:
    """Two tags that may be the same; the first is used more.

    Attributes:
        together: questions with both.
        cosine: of the tags that they stand beside, from 0 to 1.
    """

    tag: str
    other: str
    questions: int
    other_questions: int
    together: int
    cosine: float


@dataclass(frozen=True, slots=True)
class Relations:
    """What was learned, the surest first, from how many questions."""

    questions: int
    implications: list[Implication]
    synonyms: list[Synonym]


@dataclass(slots=True)
class _Counts:
    questions: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def together(self, one: str, other: str) -> int:
        """Questions with both."""
        return self.pairs[(one, other) if one < other else (other, one)]


def learn_relations(tags_of_questions: Iterable[Sequence[str]]) -> Relations:
    """Count tags and pairs of them, and find what goes together.

    Args:
        tags_of_questions: the author's tags of each question, in any order.
    """
    counts = _Counts()
    for tags in tags_of_questions:
        different = sorted(set(tags))
        counts.questions += 1
        counts.tags.update(different)
        counts.pairs.update(combinations(different, 2))
    implications = sorted(_implications(counts), key=lambda one: (-one.bound, one.tag))
    synonyms = sorted(_synonyms(counts), key=lambda one: (-one.cosine, one.tag))
    return Relations(counts.questions, implications, synonyms)


def _implications(counts: _Counts) -> Iterator[Implication]:
    for (first, second), together in counts.pairs.items():
        tag, parent = sorted((first, second), key=lambda name: (counts.tags[name], name))
        questions = counts.tags[tag]
        if questions < LEAST_QUESTIONS or counts.tags[parent] <= questions:
            continue
        if Share(together, questions).interval()[0] >= LEAST_BOUND:
            yield Implication(tag, parent, questions, together, counts.tags[parent])


def _synonyms(counts: _Counts) -> Iterator[Synonym]:
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for tag in counts.tags:
        by_name[_bare(tag)].append(tag)
    company = _company(counts, {tag for alike in by_name.values() if alike[1:] for tag in alike})
    for alike in by_name.values():
        for pair in combinations(sorted(alike, key=lambda tag: (-counts.tags[tag], tag)), 2):
            tag, other = pair
            together, rarer = counts.together(tag, other), counts.tags[other]
            cosine = _cosine(company[tag], company[other])
            if together <= MOST_TOGETHER * rarer and cosine >= LEAST_COSINE:
                yield Synonym(tag, other, counts.tags[tag], rarer, together, cosine)


def _bare(tag: str) -> str:
    """A name without what two spellings of it differ by; `c++` and `c#` stay what they are."""
    bare = tag.casefold().translate(str.maketrans("", "", "-._ "))
    return bare.removesuffix("s") if len(bare) > 3 else bare


def _company(counts: _Counts, tags: set[str]) -> dict[str, dict[str, int]]:
    """How often other tags stand beside each of some."""
    found: dict[str, dict[str, int]] = {tag: {} for tag in tags}
    for (first, second), together in counts.pairs.items():
        if first in tags:
            found[first][second] = together
        if second in tags:
            found[second][first] = together
    return found


def _cosine(one: dict[str, int], other: dict[str, int]) -> float:
    lengths = [sqrt(sum(n * n for n in vector.values())) for vector in (one, other)]
    if not all(lengths):
        return 0.0
    return sum(n * other.get(tag, 0) for tag, n in one.items()) / (lengths[0] * lengths[1])
