"""Scores the questions of the review's queue: new predictions, and changed author tags."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.engine import Connection

from core.agreement.label_quality import label_quality, uncertainty
from core.database.keys import one_of
from core.database.review_tables import QueuedQuestion
from core.database.tables import Prediction, Question
from core.database.views import PredictedTag
from core.questions.lock_order import lock_in_order
from core.questions.review_queue import enter_queue
from core.questions.suggested import is_newest, read_blocked_tags
from core.questions.tags.synonyms import read_synonyms, relabel, relabel_probabilities

PAGE = 500  # questions scored in one transaction: some 5,000 rows of tags are held

LabelsOf = Callable[[int], Collection[str]]  # all labels of a version; none where nobody knows them


def score_page(connection: Connection, labels_of: LabelsOf, *, limit: int = PAGE) -> int:
    """Score one page of the queue; commits nothing.

    May run twice at once: on Postgres each leaves the rows to the other that it has locked. Where
    a version's labels are not known, a question gets its uncertainty alone.

    Args:
        connection: in a transaction that writes.
        labels_of: the labels of a version, by its key.
        limit: how many questions at most.

    Returns:
        How many were scored.
    """
    unscored = (
        select(
            QueuedQuestion.question_pk,
            QueuedQuestion.model_version_id,
            QueuedQuestion.site,
            Question.author_tags,
        )
        .join(Question, Question.id == QueuedQuestion.question_pk)
        .where(QueuedQuestion.uncertainty.is_(None))
        .order_by(QueuedQuestion.question_pk)
        .limit(limit)
        .with_for_update(of=QueuedQuestion, skip_locked=True)
    )
    page = connection.execute(unscored).all()
    if not page:
        return 0
    predicted = _read_probabilities(connection, page)
    versions = {row.model_version_id: row.site for row in page}
    sites = frozenset(versions.values())
    synonyms = {site: read_synonyms(connection, site) for site in sites}
    blocked = {site: read_blocked_tags(connection, site) for site in sites}
    labels = {
        version: frozenset(relabel(labels_of(version), synonyms[site])) - blocked[site]
        for version, site in versions.items()
    }
    rows = [
        _score(row, predicted[row.question_pk], labels[row.model_version_id], synonyms[row.site])
        for row in page
    ]
    chosen = QueuedQuestion.question_pk == bindparam("pk")
    connection.execute(update(QueuedQuestion).where(chosen), rows)
    return len(rows)


def _read_probabilities(connection: Connection, page: Sequence[Any]) -> dict[int, dict[str, float]]:
    version_of = {row.question_pk: row.model_version_id for row in page}
    kept = select(
        PredictedTag.question_pk,
        PredictedTag.model_version_id,
        PredictedTag.tag,
        PredictedTag.probability,
    ).where(PredictedTag.question_pk.in_(version_of))
    found: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for pk, version, tag, probability in connection.execute(kept):
        if version == version_of[pk]:
            found[pk][tag] = probability
    return found


def _score(
    row: Any, predicted: Mapping[str, float], labels: frozenset[str], synonyms: Mapping[str, str]
) -> dict[str, object]:
    predicted = relabel_probabilities(predicted, synonyms)
    judged = {tag: p for tag, p in predicted.items() if tag in labels}  # of none that is blocked
    quality = label_quality(relabel(row.author_tags, synonyms), judged, labels) if labels else None
    return {
        "pk": row.question_pk,
        "uncertainty": uncertainty(predicted.values()),
        "label_quality": quality,
    }


def enter_missing(connection: Connection, *, since: datetime, limit: int = PAGE) -> int:
    """Enter recent predictions that are not in the queue; commits nothing.

    Those of a worker of an earlier version of the program, which knows no queue and may go on for
    a while after the database's migration; that has entered what was there before.

    Args:
        connection: in a transaction that writes.
        since: only predictions made at or after it (UTC).
        limit: how many at most.

    Returns:
        How many were entered.
    """
    queued = exists().where(
        QueuedQuestion.question_pk == Prediction.question_pk,
        QueuedQuestion.predicted_at >= Prediction.predicted_at,
    )
    statement = (
        select(
            Prediction.question_pk,
            Prediction.model_version_id,
            Prediction.predicted_at,
        )
        .where(Prediction.predicted_at >= since, ~queued, is_newest())
        .limit(limit)
    )
    pks = [row.question_pk for row in connection.execute(statement)]
    if not pks:
        return 0
    lock_in_order(connection, Question.id.in_(pks))
    # Read again: a worker may have entered a newer one while their locks were waited for.
    still = statement.where(one_of(connection, Prediction.question_pk, pks))
    missing = connection.execute(still).all()
    groups: defaultdict[tuple[int, datetime], list[int]] = defaultdict(list)
    for row in missing:
        groups[row.model_version_id, row.predicted_at].append(row.question_pk)
    for (version, at), pks in sorted(groups.items()):
        enter_queue(connection, pks, model_version_id=version, predicted_at=at)
    return len(missing)
