"""The questions of the database that a training reads, streamed in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.database.tables import Question
from core.questions.selection import Selection, is_selected
from core.questions.tags.synonyms import read_synonyms, relabel
from core.questions.time_order import Seen, not_before, stretches
from core.questions.verdicts import correct_tags, read_joint_verdicts
from trainer.data.corpus import Fingerprint, LabelledQuestion

READ_ROWS = 500  # that the database hands over at a time


@dataclass(frozen=True, slots=True)
class Survey:
    """What a selection holds, without its texts.

    Attributes:
        questions: how many.
        tagged: how many of them have a tag, as count_tagged() counts.
        new: how many of them an earlier run has not seen.
        last_row: the highest key of the site's rows, selected or not; None where it has none.
        oldest: when the first of those with a date was asked.
        newest: the same of the last.
        fingerprint: as that of their Corpus.
    """

    questions: int
    tagged: int
    new: int
    last_row: int | None
    oldest: datetime | None
    newest: datetime | None
    fingerprint: str


def stored_questions(
    connection: Connection,
    selection: Selection,
    *,
    since: tuple[datetime | None, int] | None = None,
) -> Iterator[LabelledQuestion]:
    """Stream a selection's questions from the database, in the order of time.

        with reading(engine) as connection:
            tags = [q.tags for q in stored_questions(connection, Selection("cooking"))]

    Args:
        connection: whose rows are handed over a few at a time.
        selection: which questions.
        since: only the question of this date and row, and those that come after it.
    """
    verdicts = read_joint_verdicts(connection, selection.site)
    synonyms = read_synonyms(connection, selection.site)
    columns = (
        Question.id,
        Question.question_id,
        Question.title,
        Question.body,
        Question.author_tags,
        Question.content_hash,
        Question.link,
        Question.created_at,
    )
    for row in _ordered(connection, selection, *columns, since=since):
        yield LabelledQuestion(
            row.question_id,
            row.title,
            row.body,
            relabel(correct_tags(row.author_tags, verdicts.get(row.id, {})), synonyms),
            row.content_hash,
            row.link,
            row=row.id,
            created_at=row.created_at,
        )


def survey(connection: Connection, selection: Selection, *, seen: Seen) -> Survey:
    """Count a selection's questions and take their fingerprint; texts are not read.

    Args:
        connection: as for stored_questions().
        selection: which questions.
        seen: what an earlier run has seen; Seen() where there was none.
    """
    verdicts = read_joint_verdicts(connection, selection.site)
    synonyms = read_synonyms(connection, selection.site)
    columns = (
        Question.id,
        Question.question_id,
        Question.author_tags,
        Question.content_hash,
        Question.created_at,
    )
    fingerprint, questions, tagged, new = Fingerprint(), 0, 0, 0
    oldest = newest = None
    for row in _ordered(connection, selection, *columns):
        tags = relabel(correct_tags(row.author_tags, verdicts.get(row.id, {})), synonyms)
        fingerprint.add(row.question_id, row.content_hash, tags)
        questions += 1
        tagged += bool(tags)
        new += not seen.includes(row=row.id, created_at=row.created_at, number=row.question_id)
        if row.created_at is not None:
            oldest = min(oldest or row.created_at, row.created_at)
            newest = max(newest or row.created_at, row.created_at)
    last_row = connection.execute(
        select(func.max(Question.id)).where(Question.site == selection.site)
    ).scalar()
    return Survey(questions, tagged, new, last_row, oldest, newest, str(fingerprint))


def _ordered(
    connection: Connection,
    selection: Selection,
    *columns: Any,
    since: tuple[datetime | None, int] | None = None,
) -> Iterator[Any]:
    chosen = is_selected(connection, selection)
    if since is not None:
        chosen = (*chosen, not_before(*since))
    for stretch, order in stretches():
        statement = select(*columns).where(*chosen, stretch).order_by(*order)
        yield from connection.execute(statement, execution_options={"yield_per": READ_ROWS})
