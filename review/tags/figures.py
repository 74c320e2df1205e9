"""How much each tag of a site is used and suggested, and how often authors and reviewers agree.

A tag that the site has renamed or merged counts as the one that it stands for, as it does where a
model learns and where live agreement is measured (`core/questions/tags/synonyms.py`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, Select, func, select
from sqlalchemy.engine import Connection

from core.database.api_tables import TagSynonym
from core.database.known_tags import count_uses
from core.database.review_tables import Verdict
from core.database.tables import Prediction, Question, QuestionTag
from core.model import registry
from core.questions.suggested import read_blocked_tags
from core.questions.tags.synonyms import read_synonyms, relabel
from core.questions.time_order import stretches
from review.measures.statistics import Share
from review.tags.relations import Relations, learn_relations

NEWEST_PREDICTIONS: Final = 20_000  # of the live version, by which precision is measured
NEWEST_QUESTIONS: Final = 25_000  # from which relations are learned


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag.

    Attributes:
        uses: questions to which their authors gave it.
        suggested: of the newest predictions of the live version, those that suggest it.
        confirmed: of them, those whose author gave it too.
        accepted: verdicts in favour of it, of suggestions or the author's tags.
        rejected: verdicts against it.
        added: verdicts that added it where nobody had it.
        threshold: from which the live version suggests it; None where it does not know it.
        blocked: it is never suggested at this site.
    """

    tag: str
    uses: int = 0
    suggested: int = 0
    confirmed: int = 0
    accepted: int = 0
    rejected: int = 0
    added: int = 0
    threshold: float | None = None
    blocked: bool = False

    @property
    def precision(self) -> float | None:
        """Share of its suggestions that authors confirm; None where there are none."""
        return self.confirmed / self.suggested if self.suggested else None

    @property
    def acceptance(self) -> float | None:
        """Share of its verdicts that accept it; None where there are none."""
        judged = self.accepted + self.rejected
        return self.accepted / judged if judged else None

    @property
    def acceptance_bound(self) -> float:
        """The lower bound of Wilson's interval for that share."""
        verdicts = self.accepted + self.rejected
        return Share(self.accepted, verdicts).interval()[0]


def read_tags(
    connection: Connection, site: str, thresholds: Mapping[str, float]
) -> dict[str, TagRow]:
    """A site's tags by name: its authors', those that its live version knows, those of verdicts.

    Args:
        connection: reads only.
        site: whose.
        thresholds: of the live version, by tag.
    """
    synonyms = read_synonyms(connection, site)
    uses = _uses(connection, site, synonyms)
    suggested, confirmed = _suggestions(connection, site, synonyms)
    verdicts = _verdicts(connection, site, synonyms)
    blocked = read_blocked_tags(connection, site)
    names = {*uses, *suggested, *thresholds, *(tag for tag, _ in verdicts), *blocked}
    return {
        tag: TagRow(
            tag,
            uses.get(tag, 0),
            suggested.get(tag, 0),
            confirmed.get(tag, 0),
            verdicts.get((tag, "accepted"), 0),
            verdicts.get((tag, "rejected"), 0),
            verdicts.get((tag, "added"), 0),
            threshold=thresholds.get(tag),
            blocked=tag in blocked,
        )
        for tag in names
    }


def _uses(connection: Connection, site: str, synonyms: Mapping[str, str]) -> Counter[str]:
    """To how many questions each tag was given; those that have a dead one are counted anew."""
    uses = Counter(count_uses(connection, site))
    dead = select(TagSynonym.tag).where(TagSynonym.site == site)
    relabelled = (
        select(QuestionTag.question_pk)
        .where(QuestionTag.site == site, QuestionTag.tag.in_(dead))
        .distinct()
    )
    for tags in _author_tags(connection, select(Question).where(Question.id.in_(relabelled))):
        uses.subtract(set(tags))
        uses.update(relabel(tags, synonyms))
    return +uses


def _author_tags(connection: Connection, chosen: Select[Any]) -> Iterable[list[str]]:
    rows = chosen.with_only_columns(Question.author_tags)
    return connection.scalars(rows, execution_options={"yield_per": 2_000})


def _suggestions(
    connection: Connection, site: str, synonyms: Mapping[str, str]
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """How often each tag is suggested of late, and how often its author chose it too."""
    live = registry.find_live_id(connection, site)
    if live is None:
        return {}, {}
    newest = (
        select(Prediction.tags, Prediction.suggested_count, Question.author_tags)
        .join(Question, Question.id == Prediction.question_pk)
        .where(Prediction.model_version_id == live)
        .order_by(Prediction.predicted_at.desc())
        .limit(NEWEST_PREDICTIONS)
    )
    suggested: Counter[str] = Counter()
    confirmed: Counter[str] = Counter()
    for tags, count, author_tags in connection.execute(
        newest, execution_options={"yield_per": 2_000}
    ):
        living = relabel(tags[:count], synonyms)
        suggested.update(living)
        confirmed.update(set(living).intersection(relabel(author_tags, synonyms)))
    return suggested, confirmed


def _verdicts(
    connection: Connection, site: str, synonyms: Mapping[str, str]
) -> Counter[tuple[str, str]]:
    rows = (
        select(Verdict.tag, Verdict.verdict, func.count())
        .where(Verdict.site == site)
        .group_by(Verdict.tag, Verdict.verdict)
    )
    verdicts: Counter[tuple[str, str]] = Counter()
    for tag, verdict, count in connection.execute(rows):
        verdicts[synonyms.get(tag, tag), verdict] += count
    return verdicts


def read_relations(connection: Connection, site: str) -> Relations:
    """What the authors' tags of a site's newest questions tell of each other."""
    synonyms = read_synonyms(connection, site)
    return learn_relations(relabel(tags, synonyms) for tags in _newest_tags(connection, site))


def _newest_tags(connection: Connection, site: str) -> Iterator[list[str]]:
    """Of the newest questions by their dates, and then of those that have none."""
    left = NEWEST_QUESTIONS
    for chosen, order in reversed(stretches()):
        newest = (
            select(Question.author_tags.label("tags"))
            .where(Question.site == site, chosen)
            .order_by(*(column.desc() for column in order))
            .limit(left)
            .subquery()
        )
        # Gathered by the database: one row a question takes the driver five times as long.
        found = connection.scalar(select(_gather(connection, newest.c.tags))) or []
        left -= len(found)
        yield from found


def _gather(connection: Connection, rows: ColumnElement[Any]) -> ColumnElement[list[Any]]:
    """All rows of a column of JSON as one array; NULL or empty where there are none."""
    if connection.dialect.name == "postgresql":
        return func.json_agg(rows, type_=JSON())
    return func.json_group_array(func.json(rows), type_=JSON())
