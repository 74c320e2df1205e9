"""From a topic, a problem and a story to one author's text and tags."""

import random
import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, replace
from textwrap import dedent

from demo.site import markdown, phrases
from demo.site.grammar import expand
from demo.site.material import (
    Problem,
    Story,
    Topic,
    alternatives,
    on_thread,
    threads,
    weighted_tags,
)

MOST_TAGS = 5  # the sites' own limit

_DILIGENCE = 1.25  # of the authors in giving tags; 1 gives them just as the topics say

_SMALL_NUMBERS = ("three", "four", "five", "six", "seven", "eight")
_MARKUP = re.compile(r"[$`*\[]")
_LANGUAGE_NAMES = {"r": "R", "python": "Python"}
_STORY = re.compile(r"«([Aa] )?(units?|groups?|outcome|x|z|treatment|event|place)»", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a question is about, settled before a word of its body is written.

    `thread` is the one the question follows among its problem's. `language` is "r", "python",
    "sql", or "" where the author names none. `slots` hold the story's words and the numbers that
    stay the same throughout the question.
    """

    topic: Topic
    problem: Problem
    thread: str
    story: Story
    slots: MutableMapping[str, str]
    language: str
    title: str


@dataclass(frozen=True, slots=True)
class Manner:
    """How an author writes: which parts there are, and how many of each."""

    says: bool = True
    intro: bool = True
    data: bool = True
    background: int = 0
    more: int = 1
    details: int = 1
    tried: int = 0
    asks: int = 1
    code: bool = True
    output: bool = False
    quote: bool = False
    aside: bool = False
    link: bool = False
    edits: int = 0


def draft(topics: Sequence[Topic], stories: Sequence[Story], rng: random.Random) -> Draft:
    """Choose a topic by its weight, a problem, a story, a language and a title."""
    topic = rng.choices(topics, [topic.weight for topic in topics])[0]
    problem = rng.choice(topic.problems)
    thread = rng.choice(threads(problem.says))
    story = rng.choice(stories)
    slots = _slots(story, rng)
    language = _language(topic, problem, thread, rng)
    title = expand(rng.choice(on_thread(problem.titles, thread)), slots, rng)
    title = _finish_title(title, language, rng)
    return Draft(topic, problem, thread, story, slots, language, title)


def body(draft: Draft, aside: str, rng: random.Random) -> str:
    """Write the question as HTML; `aside` is a remark of another topic, or empty."""
    manner = _manner(rng)
    return _Page(draft, rng).write(replace(manner, aside=bool(aside) and manner.says), aside)


def tags(draft: Draft, other: Topic | None, rng: random.Random) -> tuple[str, ...]:
    """Choose tags as authors do: the likely ones, some forgotten, now and then one too general."""
    likely = weighted_tags(draft.problem.tags, draft.thread) + weighted_tags(draft.topic.tags)
    if draft.language in _LANGUAGE_NAMES:
        likely += ((draft.language, 0.42),)
    if other:
        likely += weighted_tags(other.aside_tags)
    chosen = [tag for tag, chance in likely if rng.random() < 1 - (1 - chance) ** _DILIGENCE]
    if rng.random() < 0.12:
        chosen.append(rng.choice(phrases.GENERAL_TAGS))
    first = likely[0][0]
    return tuple(dict.fromkeys(chosen or [first]))[:MOST_TAGS]


class _Page:
    """The body of one question while it is being written, as a list of HTML blocks."""

    def __init__(self, draft: Draft, rng: random.Random) -> None:
        self.draft = draft
        self.rng = rng
        self.blocks: list[str] = []

    def write(self, manner: Manner, aside: str) -> str:
        self._opening(manner)
        self._trouble(manner, aside)
        self._evidence(manner)
        self._closing(manner)
        return "\n\n".join(self.blocks) + "\n"

    def _opening(self, manner: Manner) -> None:
        if not manner.says:
            return
        sentences = []
        if self.rng.random() < 0.12:
            self._paragraph(self._one(phrases.GREETINGS))
        if self.draft.problem.intro and manner.intro:
            sentences.append(self._one(self.draft.story.intros))
        if self.draft.problem.intro and manner.data:
            sentences.append(self._one(phrases.DATA))
        if sentences:
            self._paragraph(" ".join(sentences))
        if self.draft.problem.intro:
            for text in self._some(phrases.MORE_DATA, manner.background):
                self._paragraph(text)

    def _trouble(self, manner: Manner, aside: str) -> None:
        problem, topic = self.draft.problem, self.draft.topic
        if manner.says:
            self._paragraph(self._one(problem.says))
        for text in self._some(problem.more, manner.more):
            self._paragraph(text)
        if manner.aside:
            self._paragraph(expand(aside, self.draft.slots, self.rng))
        details = self._some(self._general(topic.details), manner.details)
        if details:
            self._paragraph(" ".join(details[:2]))
            for text in details[2:]:
                self._paragraph(text)

    def _evidence(self, manner: Manner) -> None:
        code = self._code()
        if manner.code and code:
            self._paragraph(self._one(phrases.LEAD_TO_CODE))
            self.blocks.append(markdown.code_block(self._fill(code)))
            if manner.output and self.draft.problem.output:
                self._paragraph(self._one(phrases.LEAD_TO_OUTPUT))
                self.blocks.append(markdown.code_block(self._fill(self.draft.problem.output)))
        tried = self._some(self._general(self.draft.topic.tried), manner.tried)
        if tried:
            self._paragraph(self._one(phrases.LEAD_TO_TRIED))
            as_list = markdown.numbered if self.rng.random() < 0.25 else markdown.bullets
            self.blocks.append(as_list(tried))
        if manner.quote and self.draft.topic.quotes:
            self._paragraph(self._one(phrases.LEAD_TO_QUOTE))
            self.blocks.append(markdown.quotation(self._one(self.draft.topic.quotes)))

    def _closing(self, manner: Manner) -> None:
        if manner.link:
            self._paragraph(self._one(phrases.LINKS))
        self._ask(manner)
        if self.draft.language in _LANGUAGE_NAMES and manner.says and not self._code():
            tools = phrases.R_TOOLS if self.draft.language == "r" else phrases.PYTHON_TOOLS
            self._paragraph(self._one(tools))
        if manner.says and self.rng.random() < 0.25:
            self._paragraph(self._one(phrases.THANKS))
        for text in self._some(phrases.EDITS, manner.edits):
            self._paragraph(text)

    def _ask(self, manner: Manner) -> None:
        asks = self._some(self.draft.problem.asks, manner.asks)
        if len(asks) > 1 and self.rng.random() < 0.6:
            self._paragraph(self._one(phrases.LEAD_TO_ASKS))
            self.blocks.append(markdown.numbered(asks))
        elif self.rng.random() < 0.1 and not _MARKUP.search("".join(asks)):
            self._paragraph(f"**{' '.join(asks)}**")
        else:
            self._paragraph(" ".join(asks))

    def _code(self) -> str:
        return _codes(self.draft.problem, self.draft.thread).get(self.draft.language, "")

    def _paragraph(self, text: str) -> None:
        self.blocks.append(markdown.paragraph(_slip(text, self.rng)))

    def _fill(self, code: str) -> str:
        return expand(dedent(code), self.draft.slots, self.rng)

    def _one(self, text: str) -> str:
        items = on_thread(text, self.draft.thread)
        return expand(self.rng.choice(items), self.draft.slots, self.rng)

    def _some(self, text: str, count: int) -> list[str]:
        items = on_thread(text, self.draft.thread)
        chosen = self.rng.sample(range(len(items)), min(count, len(items)))
        return [expand(items[index], self.draft.slots, self.rng) for index in sorted(chosen)]

    def _general(self, text: str) -> str:
        """Leave out what speaks of a story's units where the question has no story."""
        if self.draft.problem.intro:
            return text
        return "\n".join(f"- {item}" for item in alternatives(text) if not _STORY.search(item))


def _manner(rng: random.Random) -> Manner:
    """Draw from five sorts of authors, from the laconic to the one who tells everything."""
    sort = rng.choices(("bare", "brief", "usual", "thorough", "exhaustive"), (3, 12, 58, 21, 6))[0]
    if sort == "bare":
        return Manner(says=False, more=rng.randint(0, 1), details=0, asks=1, code=False)
    if sort == "brief":
        return Manner(intro=False, data=False, more=0, details=0, code=rng.random() < 0.15)
    if sort == "usual":
        return Manner(
            intro=rng.random() < 0.75,
            data=rng.random() < 0.5,
            more=rng.choice((0, 1, 1, 2)),
            details=rng.choice((0, 1, 1, 2)),
            tried=rng.choice((0, 0, 0, 0, 2, 3)),
            asks=rng.choice((1, 1, 2)),
            code=rng.random() < 0.75,
            output=rng.random() < 0.4,
            link=rng.random() < 0.06,
            edits=int(rng.random() < 0.07),
        )
    ample = Manner(
        background=rng.choice((0, 0, 1)),
        more=2,
        details=rng.choice((2, 3)),
        tried=rng.choice((0, 3, 4)),
        asks=2,
        code=rng.random() < 0.8,
        output=rng.random() < 0.8,
        quote=rng.random() < 0.3,
        link=rng.random() < 0.2,
        edits=rng.choice((0, 0, 1)),
    )
    if sort == "thorough":
        return ample
    return replace(
        ample, background=4, more=3, details=6, tried=6, asks=3, code=True, output=True, quote=True,
        link=True, edits=rng.choice((1, 2)),
    )  # fmt: skip


def _slots(story: Story, rng: random.Random) -> dict[str, str]:
    words = {name: getattr(story, name) for name in Story.__slots__ if name != "intros"}
    return words | {
        "event_name": story.event.replace(" ", "_").replace("-", "_"),
        "n": str(rng.randint(12, 64)),
        "k": rng.choice(_SMALL_NUMBERS),
        "years": rng.choice(("two", *_SMALL_NUMBERS)),
        "rows": f"{rng.randint(11, 480) * 100:,}",
    }


def _codes(problem: Problem, thread: str) -> dict[str, str]:
    """Return the code by language, as far as it belongs to the thread."""
    codes = {"r": problem.r, "python": problem.python, "sql": problem.sql}
    limits = dict(item.split() for item in problem.code_for.split(",") if item)
    return {
        language: code
        for language, code in codes.items()
        if code and thread in limits.get(language, thread)
    }


def _language(topic: Topic, problem: Problem, thread: str, rng: random.Random) -> str:
    if topic.language:
        return topic.language
    shares = {"": 0.4}
    if problem.r or not problem.python:
        shares["r"] = 0.06  # spoken of, not shown
    if problem.python or not problem.r:
        shares["python"] = 0.05
    chances = {"r": 0.65, "python": 0.45, "sql": 1.0}
    shares |= {language: chances[language] for language in _codes(problem, thread)}
    return rng.choices(list(shares), list(shares.values()))[0]


def _finish_title(title: str, language: str, rng: random.Random) -> str:
    name = _LANGUAGE_NAMES.get(language, "")
    if name and name not in title and not title.endswith("?") and rng.random() < 0.15:
        title = f"{title} ({name})"
    careless = title[1].islower() and rng.random() < 0.05
    return title[:1].lower() + title[1:].rstrip("?") if careless else title


def _slip(text: str, rng: random.Random) -> str:
    """Misspell one word in about one paragraph of fifty, never inside code, formulas or links."""
    if rng.random() > 0.02 or _MARKUP.search(text):
        return text
    right, wrong = rng.choice(phrases.MISSPELLINGS)
    return text.replace(right, wrong, 1)
