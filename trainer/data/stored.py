"""The questions of the database that a training reads, streamed in the order of their ids."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection

from core.database.tables import Question
from core.questions.selection import Selection, is_selected
from core.questions.verdicts import correct_tags, read_joint_verdicts
from trainer.data.corpus import Fingerprint, LabelledQuestion

READ_ROWS = 500  # that the database hands over at a time


@dataclass(frozen=True, slots=True)
class Survey:
    """What a selection holds, without its texts.

    Attributes:
        questions: how many.
        tagged: how many of them have a tag, as count_tagged() counts.
        newer: how many of them are newer than the question that was asked about.
        newest_question_id: of them, by the site's number; None where there is none.
        oldest: when the first of those with a date was asked.
        newest: the same of the last.
        fingerprint: as that of their Corpus.
    """

    questions: int
    tagged: int
    newer: int
    newest_question_id: int | None
    oldest: datetime | None
    newest: datetime | None
    fingerprint: str


def stored_questions(
    connection: Connection, selection: Selection, *, since: int | None = None
) -> Iterator[LabelledQuestion]:
    """Stream a selection's questions from the database, in the order of their ids.

        with reading(engine) as connection:
            tags = [q.tags for q in stored_questions(connection, Selection("cooking"))]

    Args:
        connection: whose rows are handed over a few at a time.
        selection: which questions.
        since: only those with this number or a higher one.
    """
    verdicts = read_joint_verdicts(connection, selection.site)
    columns = (
        Question.id,
        Question.question_id,
        Question.title,
        Question.body,
        Question.author_tags,
        Question.content_hash,
        Question.link,
    )
    statement = _ordered(connection, selection, *columns)
    if since is not None:
        statement = statement.where(Question.question_id >= since)
    for row in connection.execution_options(yield_per=READ_ROWS).execute(statement):
        yield LabelledQuestion(
            row.question_id,
            row.title,
            row.body,
            correct_tags(row.author_tags, verdicts.get(row.id, {})),
            row.content_hash,
            row.link,
        )


def survey(
    connection: Connection, selection: Selection, *, newer_than: int | None = None
) -> Survey:
    """Count a selection's questions and take their fingerprint; texts are not read.

    Args:
        connection: as for stored_questions().
        selection: which questions.
        newer_than: those with a higher number are counted apart; None counts all.
    """
    verdicts = read_joint_verdicts(connection, selection.site)
    columns = (
        Question.id,
        Question.question_id,
        Question.author_tags,
        Question.content_hash,
        Question.created_at,
    )
    statement = _ordered(connection, selection, *columns)
    fingerprint, questions, tagged, newer, last = Fingerprint(), 0, 0, 0, None
    oldest = newest = None
    for row in connection.execution_options(yield_per=READ_ROWS).execute(statement):
        tags = correct_tags(row.author_tags, verdicts.get(row.id, {}))
        fingerprint.add(row.question_id, row.content_hash, tags)
        questions, last = questions + 1, row.question_id
        tagged += bool(tags)
        newer += newer_than is None or last > newer_than
        if row.created_at is not None:
            oldest = min(oldest or row.created_at, row.created_at)
            newest = max(newest or row.created_at, row.created_at)
    return Survey(questions, tagged, newer, last, oldest, newest, str(fingerprint))


def _ordered(connection: Connection, selection: Selection, *columns: Any) -> Select[Any]:
    chosen = is_selected(connection, selection)
    return select(*columns).where(*chosen).order_by(Question.question_id)
