"""The made-up site: its questions in the order they were asked."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from demo.site import phrases, writing
from demo.site.material import Topic, alternatives
from demo.site.prose import load_stories, load_topics

OPENED = datetime(2014, 1, 6, tzinfo=UTC)  # a Monday

_PER_WEEK = 60.0  # questions
_HOURS = (2, 1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 7, 8, 9, 9, 8, 8, 7, 6, 6, 6, 5, 3)  # by hour, UTC
_WEEKDAYS = (10, 11, 11, 10, 9, 5, 5)  # from Monday
_TITLE_DRAWS = 200  # 20,000 questions take 3.3 draws each on average


@dataclass(frozen=True, slots=True)
class MadeUpQuestion:
    """One question as the site holds it: the title as plain text, the body as HTML."""

    site: str
    question_id: int
    title: str
    body: str
    tags: tuple[str, ...]
    link: str
    owner: str
    created_at: datetime
    score: int
    answer_count: int


def make_questions(
    count: int = 4000, *, seed: int = 2018, site: str = "demo", opened: datetime = OPENED
) -> Iterator[MadeUpQuestion]:
    """Make `count` questions, the oldest first.

    The same arguments give the same questions, and a smaller `count` gives the first of them.
    Ids and creation times ascend, and no two titles are equal.

    Args:
        count: how many; the texts suffice for 60,000 different titles and more.
        seed: another seed gives another site.
        site: the site's API name, which each question carries.
        opened: when the site opened, an aware UTC time; about 60 questions a week follow.

    Raises:
        ValueError: no new title can be found any more.
    """
    clock = _creation_times(opened, random.Random(f"{seed} clock"))  # noqa: S311 - nothing secret
    ids = _question_ids(random.Random(f"{seed} ids"))  # noqa: S311 - nothing secret
    titles: set[str] = set()
    for created_at, question_id in itertools.islice(zip(clock, ids, strict=False), count):
        rng = random.Random(f"{seed} {question_id}")  # noqa: S311 - nothing secret
        yield _question(site, question_id, created_at, titles, rng)


def _question(
    site: str, question_id: int, created_at: datetime, titles: set[str], rng: random.Random
) -> MadeUpQuestion:
    draft = _fresh_draft(titles, rng)
    aside, other = _aside(draft, rng)
    return MadeUpQuestion(
        site=site,
        question_id=question_id,
        title=draft.title,
        body=writing.body(draft, aside, rng),
        tags=writing.tags(draft, other, rng),
        link=f"https://{site}.example/questions/{question_id}",
        owner=_owner(rng),
        created_at=created_at,
        score=min(int(rng.expovariate(0.45)), 60) - int(rng.random() < 0.12),
        answer_count=rng.choices((0, 1, 2, 3, 4), (34, 41, 17, 6, 2))[0],
    )


def _fresh_draft(titles: set[str], rng: random.Random) -> writing.Draft:
    """Draw until the title is new, and note it in `titles`."""
    for _ in range(_TITLE_DRAWS):
        draft = writing.draft(load_topics(), load_stories(), rng)
        if draft.title.casefold() not in titles:
            titles.add(draft.title.casefold())
            return draft
    raise ValueError(
        "the texts of demo/site/texts are exhausted: ask for fewer questions or add texts"
    )


def _aside(draft: writing.Draft, rng: random.Random) -> tuple[str, Topic | None]:
    """Pick what a question mentions of another topic in passing, in about one of six."""
    other = rng.choice(load_topics())
    if other is draft.topic or not other.aside or not draft.problem.intro or rng.random() > 0.25:
        return "", None
    return rng.choice(alternatives(other.aside)), other


def _owner(rng: random.Random) -> str:
    """Make a display name up: a handle, a name, or the site's default."""
    kind = rng.random()
    if kind < 0.45:
        number = str(rng.randint(2, 99)) if rng.random() < 0.3 else ""
        return rng.choice(phrases.HANDLE_STARTS) + rng.choice(phrases.HANDLE_ENDS) + number
    if kind < 0.85:
        initial = f" {rng.choice('ABCDEFGHKLMNOPRSTVWZ')}." if rng.random() < 0.5 else ""
        return rng.choice(phrases.FIRST_NAMES) + initial
    return f"user{rng.randint(1000, 99999)}"


def _creation_times(opened: datetime, rng: random.Random) -> Iterator[datetime]:
    """Yield the times of a Poisson process with the rhythm of days and weeks, by thinning."""
    busiest = max(_HOURS) * max(_WEEKDAYS)
    mean_rate = sum(_HOURS) * sum(_WEEKDAYS) / (24 * 7)
    candidates_per_hour = _PER_WEEK / (24 * 7) * busiest / mean_rate
    now = opened
    while True:
        now += timedelta(seconds=1 + round(rng.expovariate(candidates_per_hour / 3600)))
        if rng.random() * busiest < _HOURS[now.hour] * _WEEKDAYS[now.weekday()]:
            yield now


def _question_ids(rng: random.Random) -> Iterator[int]:
    """Yield ascending ids with gaps, since answers take their numbers from the same sequence."""
    question_id = 100
    while True:
        question_id += 1 + min(int(rng.expovariate(0.6)), 9)
        yield question_id
