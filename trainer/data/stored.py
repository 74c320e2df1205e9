"""The questions of the database that a training reads, streamed in the order of their ids."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.tables import Question, Verdict
from trainer.data.corpus import Fingerprint, LabelledQuestion

READ_ROWS = 500  # that the database hands over at a time


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of a site's questions are read.

    Attributes:
        site: its name.
        settled_before: only questions created until then, whose authors have had time to edit
            their tags; those without a date come from files and have settled. None takes all.
        newest: at most so many, the newest; None takes all.
    """

    site: str
    settled_before: datetime | None = None
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a selection holds, without its texts.

    Attributes:
        questions: how many.
        newer: how many of them are newer than the question that was asked about.
        newest_question_id: of them, by the site's number; None where there is none.
        oldest: when the first of those with a date was asked.
        newest: the same of the last.
        fingerprint: as that of their Corpus.
    """

    questions: int
    newer: int
    newest_question_id: int | None
    oldest: datetime | None
    newest: datetime | None
    fingerprint: str


def stored_questions(
    connection: Connection, selection: Selection, *, since: int | None = None
) -> Iterator[LabelledQuestion]:
    """Stream a selection's questions from the database, in the order of their ids.

    Args:
        connection: whose rows are handed over a few at a time.
        selection: which questions.
        since: only those with this number or a higher one.
    """
    verdicts = _read_verdicts(connection, selection.site)
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
    verdicts = _read_verdicts(connection, selection.site)
    columns = (
        Question.id,
        Question.question_id,
        Question.author_tags,
        Question.content_hash,
        Question.created_at,
    )
    statement = _ordered(connection, selection, *columns)
    fingerprint, questions, newer, last = Fingerprint(), 0, 0, None
    oldest = newest = None
    for row in connection.execution_options(yield_per=READ_ROWS).execute(statement):
        tags = correct_tags(row.author_tags, verdicts.get(row.id, {}))
        fingerprint.add(row.question_id, row.content_hash, tags)
        questions, last = questions + 1, row.question_id
        newer += newer_than is None or last > newer_than
        if row.created_at is not None:
            oldest = min(oldest or row.created_at, row.created_at)
            newest = max(newest or row.created_at, row.created_at)
    return Survey(questions, newer, last, oldest, newest, str(fingerprint))


def _ordered(connection: Connection, selection: Selection, *columns: Any) -> Select[Any]:
    chosen = _chosen(selection)
    if selection.newest is not None:
        newest_first = select(Question.question_id).where(*chosen)
        oldest = newest_first.order_by(Question.question_id.desc()).limit(selection.newest)
        cut = connection.execute(select(func.min(oldest.subquery().c.question_id))).scalar()
        if cut is not None:
            chosen = (*chosen, Question.question_id >= cut)
    return select(*columns).where(*chosen).order_by(Question.question_id)


def _chosen(selection: Selection) -> tuple[ColumnElement[bool], ...]:
    of_site = Question.site == selection.site
    if selection.settled_before is None:
        return (of_site,)
    settled = or_(Question.created_at.is_(None), Question.created_at <= selection.settled_before)
    return of_site, settled


def _read_verdicts(connection: Connection, site: str) -> dict[int, dict[str, str]]:
    rows = connection.execute(
        select(Verdict.question_pk, Verdict.tag, Verdict.verdict)
        .join(Question, Question.id == Verdict.question_pk)
        .where(Question.site == site)
    )
    verdicts: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for pk, tag, verdict in rows:
        verdicts[pk][tag] = verdict
    return verdicts


def correct_tags(author_tags: Iterable[str], verdicts: Mapping[str, str]) -> tuple[str, ...]:
    """Correct an author's tags by people's verdicts: rejected ones go, the others come in.

    Args:
        author_tags: as the author set them.
        verdicts: accepted, rejected or added, by tag.
    """
    tags = dict.fromkeys([*author_tags, *sorted(verdicts)])
    return tuple(tag for tag in tags if verdicts.get(tag) != "rejected")
