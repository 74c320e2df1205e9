"""What verdicts came to: how many since the last training, and what that one learned from them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.database.review_tables import Verdict
from core.database.tables import ModelVersion, Question, TrainingRun
from core.questions.verdicts import Joint, Said, correct_tags, joint_verdict

MOST: Final = 20_000  # questions whose verdicts are looked at
LEARNED: Final = ("promoted", "published")  # outcomes of runs that made a version


@dataclass(frozen=True, slots=True)
class LastTraining:
    """What the last training that made a version had from reviewers that the one before had not.

    Attributes:
        started_at: UTC.
        version: that it made.
        questions: with new verdicts.
        corrected_questions: whose tags differ from their author's by them.
        added_tags: that authors had not given.
        removed_tags: that authors had given.
    """

    started_at: datetime
    version: int | None
    questions: int
    corrected_questions: int
    added_tags: int
    removed_tags: int


def count_verdicts_since_training(connection: Connection, site: str) -> int:
    """How many verdicts no training of the site has learned from yet."""
    runs = _last_runs(connection, site)
    counted = select(func.count()).where(Verdict.site == site)
    if runs:
        counted = counted.where(Verdict.at > runs[0].started_at)
    return connection.scalar(counted) or 0


def describe_last_training(connection: Connection, site: str) -> LastTraining | None:
    """What the site's last training that made a version learned from new verdicts, if there is one.

    By the time of the verdicts: a run learns from those that stand when it starts.
    """
    runs = _last_runs(connection, site)
    if not runs:
        return None
    began = runs[0].started_at
    before = runs[1].started_at if len(runs) > 1 else None
    verdicts = _read_joint(connection, site, before, began)
    added = removed = corrected = 0
    for tags, said in verdicts.values():
        after = set(correct_tags(tags, said))
        added += len(after - set(tags))
        removed += len(set(tags) - after)
        corrected += after != set(tags)
    return LastTraining(began, runs[0].version, len(verdicts), corrected, added, removed)


def _last_runs(connection: Connection, site: str) -> list[Any]:
    runs = (
        select(TrainingRun.started_at, ModelVersion.version)
        .outerjoin(ModelVersion, ModelVersion.id == TrainingRun.model_version_id)
        .where(TrainingRun.site == site, TrainingRun.outcome.in_(LEARNED))
        .order_by(TrainingRun.started_at.desc())
        .limit(2)
    )
    return list(connection.execute(runs))


def _read_joint(
    connection: Connection, site: str, after: datetime | None, until: datetime
) -> dict[int, tuple[list[str], dict[str, Joint]]]:
    """Author tags and joint verdicts of questions, on the tags that got verdicts in that time.

    What was said of such a tag before counts too, as it does for the trainer.
    """
    is_fresh = (Verdict.at <= until, *([Verdict.at > after] if after is not None else []))
    fresh = (
        select(Verdict.question_pk)
        .where(Verdict.site == site, *is_fresh)
        .distinct()
        .order_by(Verdict.question_pk)
        .limit(MOST)
        .subquery()
    )
    columns = (Verdict.question_pk, Verdict.tag, Verdict.verdict, Verdict.settles, Verdict.at)
    rows = (
        select(*columns, Question.author_tags)
        .join(fresh, fresh.c.question_pk == Verdict.question_pk)
        .join(Question, Question.id == Verdict.question_pk)
        .where(Verdict.at <= until)
    )
    authors: dict[int, list[str]] = {}
    said: defaultdict[int, defaultdict[str, list[Said]]] = defaultdict(lambda: defaultdict(list))
    news: set[tuple[int, str]] = set()
    for pk, tag, verdict, settles, at, tags in connection.execute(rows):
        authors[pk] = tags
        said[pk][tag].append(Said(verdict, settles))
        if after is None or at > after:
            news.add((pk, tag))
    return {
        pk: (tags, {tag: joint_verdict(said[pk][tag]) for tag in said[pk] if (pk, tag) in news})
        for pk, tags in authors.items()
    }
