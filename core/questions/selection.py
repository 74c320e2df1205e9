"""Which of a site's stored questions a model learns from, and which tags it learns of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, true
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.review_tables import Verdict
from core.database.tables import Question
from core.questions.settled import is_settled, settled_before
from core.questions.time_order import is_real, not_before
from core.questions.verdicts import correct_tags, read_joint_verdicts
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of a site's questions are read.

    Attributes:
        site: its name.
        settled_before: only questions that have settled, as settled_before() says; None takes all.
        newest: at most so many, the newest; None takes all.
    """

    site: str
    settled_before: datetime | None = None
    newest: int | None = None


def training_selection(site: str, *, now: datetime, settle: timedelta, newest: int) -> Selection:
    """Return what a training run reads that begins now: settled questions, the newest of them."""
    return Selection(site, settled_before(now, settle), newest)


def count_trainable(connection: Connection, site: str, settings: Settings, *, now: datetime) -> int:
    """How many questions a training run that begins now has: TAGGER_MIN_QUESTIONS are needed."""
    settle = timedelta(days=settings.settle_days)
    newest = settings.training_questions
    return count_tagged(connection, training_selection(site, now=now, settle=settle, newest=newest))


def is_selected(connection: Connection, selection: Selection) -> tuple[ColumnElement[bool], ...]:
    """What a row of `questions` fulfils that is selected; asks where the newest begin.

    The dumps' made-up posts are in no selection.
    """
    chosen: tuple[ColumnElement[bool], ...] = (Question.site == selection.site, is_real())
    if selection.settled_before is not None:
        chosen = (*chosen, is_settled(selection.settled_before))
    if selection.newest is not None:
        chosen = (*chosen, _is_among_newest(connection, selection.newest, *chosen))
    return chosen


def _is_among_newest(
    connection: Connection, most: int, *chosen: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether a chosen row is one of the newest of them, in the order of time."""
    oldest = select(Question.created_at, Question.id).where(*chosen).limit(1)
    dated = oldest.where(Question.created_at.is_not(None))
    newest_first = dated.order_by(Question.created_at.desc(), Question.id.desc())
    cut = connection.execute(newest_first.offset(most - 1)).one_or_none()
    if cut is None:  # there are fewer with a date
        count = select(func.count()).where(*chosen, Question.created_at.is_not(None))
        left = most - connection.execute(count).scalar_one()
        undated = oldest.where(Question.created_at.is_(None)).order_by(Question.id.desc())
        if left == 0:
            return Question.created_at.is_not(None)
        cut = connection.execute(undated.offset(left - 1)).one_or_none()
    return true() if cut is None else not_before(cut.created_at, cut.id)


def count_tagged(connection: Connection, selection: Selection) -> int:
    """How many of a selection's questions have a tag, after people's verdicts."""
    chosen = is_selected(connection, selection)
    tagged = select(func.count()).where(*chosen, Question.author_tags != [])
    count = connection.execute(tagged).scalar_one()
    verdicts = read_joint_verdicts(connection, selection.site)
    has_verdict = exists().where(Verdict.question_pk == Question.id)
    for pk, author_tags in connection.execute(
        select(Question.id, Question.author_tags).where(*chosen, has_verdict)
    ):
        count += bool(correct_tags(author_tags, verdicts.get(pk, {}))) - bool(author_tags)
    return count
