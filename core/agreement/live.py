"""The live agreement: every prediction is scored once, when its question has settled.

A question has settled when it is so old that its author's tags are hardly edited any more
(`core/questions/settled.py`). Its predictions, one a model version, are then counted into
`live_agreement` under the day of the prediction, and `predictions.scored_at` is set in the same
transaction. A text that is edited later is tagged anew in place of the older prediction, which
keeps its `scored_at`: the model is judged by what it said of the question as it settled, and by no
question twice.

Passed by, that is marked but not counted, are questions without author tags, and those that the
version may have learned from (`learned_until` and `learned_row` of its row): they would flatter it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.engine import Connection

from core.agreement.scores import Agreement, agreement_of
from core.database.engine import dialect_insert
from core.database.tables import LiveAgreement, ModelVersion, Prediction, Question
from core.database.views import PredictedTag
from core.questions.settled import is_settled, settled_before
from core.questions.tags.synonyms import read_synonyms
from core.questions.time_order import Seen

PAGE = 500  # predictions scored in one transaction: some 5,000 rows of tags are held


@dataclass(frozen=True, slots=True)
class Scored:
    """How many predictions were counted, and how many passed by."""

    counted: int = 0
    passed_by: int = 0

    def __add__(self, other: "Scored") -> "Scored":
        """What was done in both."""
        return Scored(self.counted + other.counted, self.passed_by + other.passed_by)

    def __bool__(self) -> bool:
        """Whether there was anything to score."""
        return self.counted + self.passed_by > 0


@dataclass(frozen=True, slots=True)
class DayAgreement:
    """The agreement of one version's predictions of one day.

    Attributes:
        site: whose questions.
        model_version_id: the row of `model_versions`.
        version: its number at its site.
        day: of the predictions, UTC.
        agreement: over those of them whose questions have settled.
    """

    site: str
    model_version_id: int
    version: int
    day: date
    agreement: Agreement


def score_settled(
    connection: Connection, *, now: datetime, settle: timedelta, limit: int = PAGE
) -> Scored:
    """Score one page of the predictions whose questions have settled; commits nothing.

    May run twice at once: on Postgres each leaves the rows to the other that it has locked, on
    SQLite there is one writer at a time.

    Args:
        connection: in a transaction that writes (`engine.begin()`).
        now: UTC.
        settle: how old a question is before its author's tags are relied on.
        limit: how many predictions at most; what one call may hold in memory.

    Returns:
        What was scored; nothing where no settled prediction is left, or others are at them.
    """
    page = connection.execute(_unscored(settled_before(now, settle), limit)).all()
    if not page:
        return Scored()
    _mark_scored(connection, page, now=now)
    counted = [row for row in page if row.author_tags and not _learned_from(row)]
    _count(connection, _by_day(connection, counted))
    return Scored(len(counted), len(page) - len(counted))


def _unscored(before: datetime, limit: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Prediction.question_pk,
            Prediction.model_version_id,
            Prediction.predicted_at,
            Question.site,
            Question.question_id,
            Question.created_at,
            Question.author_tags,
            ModelVersion.learned_until,
            ModelVersion.learned_row,
            ModelVersion.learned_through,
        )
        .join(Question, Question.id == Prediction.question_pk)
        .join(ModelVersion, ModelVersion.id == Prediction.model_version_id)
        .where(Prediction.scored_at.is_(None), is_settled(before))
        .limit(limit)
        .with_for_update(of=Prediction, skip_locked=True)
    )


def _learned_from(row: Any) -> bool:
    seen = Seen(row.learned_until, row.learned_row, row.learned_through)
    return seen.includes(row=row.question_pk, created_at=row.created_at, number=row.question_id)


def _mark_scored(connection: Connection, page: Sequence[Any], *, now: datetime) -> None:
    pks: defaultdict[int, list[int]] = defaultdict(list)
    for row in page:
        pks[row.model_version_id].append(row.question_pk)
    for version, of_version in pks.items():  # not by pairs, for which SQLite reads the whole table
        chosen = (
            Prediction.model_version_id == version,
            Prediction.question_pk.in_(of_version),
        )
        connection.execute(update(Prediction).where(*chosen).values(scored_at=now))


def _by_day(connection: Connection, page: Sequence[Any]) -> dict[tuple[int, date, str], Agreement]:
    tags = _predicted_tags(connection, page)
    synonyms = {site: read_synonyms(connection, site) for site in {row.site for row in page}}
    days: defaultdict[tuple[int, date, str], Agreement] = defaultdict(Agreement)
    for row in page:
        key = (row.model_version_id, row.predicted_at.astimezone(UTC).date(), row.site)
        predicted = tags[row.question_pk, row.model_version_id]
        days[key] += agreement_of(row.author_tags, predicted, synonyms[row.site])
    return days


def _predicted_tags(
    connection: Connection, page: Sequence[Any]
) -> dict[tuple[int, int], list[Any]]:
    """The rows of tags by prediction, the most probable first; also others of these questions."""
    statement = (
        select(
            PredictedTag.question_pk,
            PredictedTag.model_version_id,
            PredictedTag.tag,
            PredictedTag.suggested,
        )
        .where(
            PredictedTag.question_pk.in_({row.question_pk for row in page}),
            PredictedTag.model_version_id.in_({row.model_version_id for row in page}),
        )
        .order_by(PredictedTag.probability.desc(), PredictedTag.tag)
    )
    tags: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in connection.execute(statement):
        tags[row.question_pk, row.model_version_id].append(row)
    return tags


def _count(connection: Connection, days: dict[tuple[int, date, str], Agreement]) -> None:
    """Add to the days' rows."""
    if not days:
        return
    insert = dialect_insert(connection, LiveAgreement)
    sums = ("questions", "first_hits", "recall_at_5_sum", "without_suggestion")
    statement = insert.on_conflict_do_update(
        index_elements=["model_version_id", "day"],
        set_={name: getattr(LiveAgreement, name) + insert.excluded[name] for name in sums},
    )
    rows = [
        {
            "model_version_id": version,
            "day": day,
            "site": site,
            "questions": agreement.questions,
            "first_hits": agreement.first_hits,
            "recall_at_5_sum": agreement.recall_at_5_sum,
            "without_suggestion": agreement.without_suggestion,
        }
        for (version, day, site), agreement in sorted(days.items())  # one order: no deadlock
    ]
    connection.execute(statement, rows)


def daily_agreement(
    connection: Connection,
    *,
    model_version_id: int | None = None,
    live_only: bool = False,
) -> list[DayAgreement]:
    """Return the agreement by site, version and day, the newest day last.

    Args:
        connection: to read from.
        model_version_id: only this version's.
        live_only: only of the versions that are live now.
    """
    statement = (
        select(LiveAgreement, ModelVersion.version)
        .join(ModelVersion, ModelVersion.id == LiveAgreement.model_version_id)
        .order_by(LiveAgreement.site, ModelVersion.version, LiveAgreement.day)
    )
    if model_version_id is not None:
        statement = statement.where(LiveAgreement.model_version_id == model_version_id)
    if live_only:
        statement = statement.where(ModelVersion.live)
    return [
        DayAgreement(row.site, row.model_version_id, row.version, row.day, _agreement(row))
        for row in connection.execute(statement)
    ]


def total_agreement(days: Sequence[DayAgreement]) -> Agreement:
    """The agreement over all questions of some days."""
    return sum((day.agreement for day in days), Agreement())


def _agreement(row: Any) -> Agreement:
    return Agreement(row.questions, row.first_hits, row.recall_at_5_sum, row.without_suggestion)
