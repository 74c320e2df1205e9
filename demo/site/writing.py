"""From a topic, a problem and a story to one author's text and tags."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import dedent

from demo.site import markdown, phrases
from demo.site.grammar import capitalise, expand
from demo.site.material import Problem, Story, Topic, alternatives, weighted_tags

MOST_TAGS = 5  # the sites' own limit

_SMALL_NUMBERS = ("three", "four", "five", "six", "seven", "eight")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a question is about, settled before a word of its body is written.

    ``language`` is "r", "python" or "" where the author names none. ``slots`` hold the story's
    words and the numbers that stay the same throughout the question.
    """

    topic: Topic
    problem: Problem
    story: Story
    slots: Mapping[str, str]
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
    story = rng.choice(stories)
    slots = _slots(story, rng)
    title = expand(rng.choice(alternatives(problem.titles)), slots, rng)
    language = _language(topic, problem, rng)
    return Draft(topic, problem, story, slots, language, _finish_title(title, language, rng))


def body(draft: Draft, aside: str, rng: random.Random) -> str:
    """Write the question as HTML; ``aside`` is a remark of another topic, or empty."""
    manner = _manner(rng)
    return _Page(draft, rng).write(replace(manner, aside=bool(aside) and manner.says), aside)


def tags(draft: Draft, other: Topic | None, rng: random.Random) -> tuple[str, ...]:
    """Choose tags as authors do: the likely ones, some forgotten, now and then one too general."""
    likely = weighted_tags(draft.problem.tags) + weighted_tags(draft.topic.tags)
    if draft.language:
        likely += ((draft.language, 0.55),)
    if other:
        likely += weighted_tags(other.aside_tags)
    chosen = [tag for tag, probability in likely if rng.random() < probability]
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
        details = self._some(topic.details, manner.details)
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
        tried = self._some(self.draft.topic.tried, manner.tried)
        if tried:
            self._paragraph(self._one(phrases.LEAD_TO_TRIED))
            self.blocks.append(markdown.bullets(tried))
        if manner.quote and self.draft.topic.quotes:
            self._paragraph(self._one(phrases.LEAD_TO_QUOTE))
            self.blocks.append(markdown.quotation(self._one(self.draft.topic.quotes)))

    def _closing(self, manner: Manner) -> None:
        if manner.link:
            self._paragraph(self._one(phrases.LINKS))
        self._ask(manner)
        if self.draft.language and not self._code() and manner.says:
            tools = phrases.R_TOOLS if self.draft.language == "r" else phrases.PYTHON_TOOLS
            self._paragraph(self._one(tools))
        if manner.says and self.rng.random() < 0.25:
            self._paragraph(self._one(phrases.THANKS))
        for text in self._some(phrases.EDITS, manner.edits):
            self._paragraph(text)

    def _ask(self, manner: Manner) -> None:
        asks = self._some(self.draft.problem.asks, manner.asks)
        if len(asks) > 1 and self.rng.random() < 0.5:
            self._paragraph(self._one(phrases.LEAD_TO_ASKS))
            self.blocks.append(markdown.numbered(asks))
        elif self.rng.random() < 0.1:
            self._paragraph(f"**{' '.join(asks)}**")
        else:
            self._paragraph(" ".join(asks))

    def _code(self) -> str:
        problem = self.draft.problem
        return problem.sql or {"r": problem.r, "python": problem.python}.get(
            self.draft.language, ""
        )

    def _paragraph(self, text: str) -> None:
        self.blocks.append(markdown.paragraph(_slip(text, self.rng)))

    def _fill(self, code: str) -> str:
        return expand(dedent(code), self.draft.slots, self.rng)

    def _one(self, text: str) -> str:
        return expand(self.rng.choice(alternatives(text)), self.draft.slots, self.rng)

    def _some(self, text: str, count: int) -> list[str]:
        items = alternatives(text)
        chosen = self.rng.sample(range(len(items)), min(count, len(items)))
        return [expand(items[index], self.draft.slots, self.rng) for index in sorted(chosen)]


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
            tried=rng.choice((0, 0, 0, 2, 3)),
            asks=rng.choice((1, 1, 2)),
            code=rng.random() < 0.55,
            output=rng.random() < 0.4,
            link=rng.random() < 0.06,
            edits=int(rng.random() < 0.07),
        )
    ample = Manner(
        background=rng.choice((0, 1, 1)),
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


def _language(topic: Topic, problem: Problem, rng: random.Random) -> str:
    if topic.name == "R":
        return "r"
    if topic.name == "Python":
        return "python"
    shares = {"r": 0.45 * bool(problem.r), "python": 0.3 * bool(problem.python)}
    spoken = rng.choices(("r", "python", ""), (shares["r"] + 0.03, shares["python"] + 0.02, 0.4))
    return spoken[0]


def _finish_title(title: str, language: str, rng: random.Random) -> str:
    name = {"r": "R", "python": "Python"}.get(language, "")
    if name and name not in title and not title.endswith("?") and rng.random() < 0.15:
        title = f"{title} ({name})"
    careless = title[1].islower() and rng.random() < 0.05
    return title[:1].lower() + title[1:].rstrip("?") if careless else capitalise(title)


def _slip(text: str, rng: random.Random) -> str:
    """Misspell one word in about one paragraph of fifty, never inside code, formulas or links."""
    if rng.random() > 0.02 or any(sign in text for sign in "$`*["):
        return text
    right, wrong = rng.choice(phrases.MISSPELLINGS)
    return text.replace(right, wrong, 1)
