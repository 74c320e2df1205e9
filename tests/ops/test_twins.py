"""Of a question that is stored under two names of its site one is made, and nothing is lost."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, insert, select, update

from core.database.engine import reading
from core.database.review_tables import Note, QueuedQuestion, Review, ReviewChange, Verdict
from core.database.tables import (
    LikelyTag,
    Prediction,
    Question,
    QuestionTag,
    Table,
    TaggingRequest,
)
from core.questions.verdicts import Decided
from ops.site_merge import MergedSite, merge_sites
from review.decisions.save import Asked, Decision, save
from tests.conftest import ManualClock
from tests.review.rows import predict_rows
from tests.rows import question, store_questions

MERGED = MergedSite("Stats", "stats", 2, 1)


def decide(
    engine: Engine, clock: ManualClock, site: str, reviewer: str, verdicts: dict[str, Decided]
) -> None:
    clock.sleep(60)
    asked = Asked(reviewer, f"{site} {clock.now()}", site, 1, clock.now())
    with engine.begin() as connection:
        save(connection, asked, Decision(verdicts=verdicts))


@pytest.fixture
def twins(engine: Engine, clock: ManualClock) -> Engine:
    """Question 1 of Stats and of stats, each with a prediction, and question 2 of Stats."""
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    clock.sleep(60)
    predict_rows(engine, {1: {"r": 0.8, "glm": 0.7}, 2: {}}, now=clock.now(), site="Stats")
    return engine


def said(engine: Engine) -> dict[tuple[str, str], str]:
    with reading(engine) as connection:
        rows = connection.execute(select(Verdict.reviewer, Verdict.tag, Verdict.verdict))
        return {(row.reviewer, row.tag): row.verdict for row in rows}


def count(engine: Engine, table: type[Table]) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_predictions_verdicts_reviews_and_notes_of_both_are_kept(
    twins: Engine, clock: ManualClock
) -> None:
    decide(twins, clock, "stats", "ann", {"anova": "accepted", "r": "rejected"})
    decide(twins, clock, "Stats", "ann", {"r": "accepted"})
    decide(twins, clock, "Stats", "bob", {"glm": "rejected"})
    decide(twins, clock, "Stats", "eve", {"anova": "accepted"})
    decide(twins, clock, "stats", "eve", {"anova": "rejected"})
    with twins.begin() as connection:
        pk = connection.scalar(
            select(Question.id).where(Question.site == "Stats", Question.question_id == 1)
        )
        note = {"question_pk": pk, "reviewer": "ann", "at": clock.now(), "text": "?"}
        connection.execute(insert(Note).values(note))
        more = update(QueuedQuestion).where(QueuedQuestion.question_pk == pk)
        connection.execute(more.values(wanted_reviews=2))
    assert merge_sites(twins, clock) == [MERGED]
    assert said(twins) == {
        ("ann", "anova"): "accepted",
        ("ann", "r"): "accepted",
        ("bob", "glm"): "rejected",
        ("eve", "anova"): "rejected",
    }
    assert (count(twins, Prediction), count(twins, LikelyTag)) == (3, 3)
    assert (count(twins, Review), count(twins, ReviewChange), count(twins, Note)) == (3, 5, 1)
    with reading(twins) as connection:
        (one,) = connection.execute(
            select(QueuedQuestion, Prediction.tags)
            .join(Question, Question.id == QueuedQuestion.question_pk)
            .join(
                Prediction,
                (Prediction.question_pk == Question.id)
                & (Prediction.model_version_id == QueuedQuestion.model_version_id),
            )
            .where(Question.question_id == 1)
        ).all()
    assert (one.tags, one.reviews, one.wanted_reviews, one.conflicting) == (
        ["r", "glm"],
        3,
        2,
        True,
    )


@pytest.mark.parametrize("newer", ["Stats", "stats"])
def test_the_newer_text_stays(engine: Engine, clock: ManualClock, newer: str) -> None:
    for site in ("Stats", "stats"):
        day = 2 if site == newer else 1
        active = datetime(2026, 1, day, tzinfo=UTC)
        changes: dict[str, object] = {"site": site, "last_activity_at": active}
        changes |= {"author_tags": (f"tag-of-{site}",), "link": f"https://{site}.example"}
        one = question(1, f"Of {site}", **changes)
        store_questions(engine, one, now=clock.now(), request_tagging=False)
    store_questions(engine, question(2, site="Stats"), now=clock.now())
    assert merge_sites(engine, clock) == [MERGED]
    with reading(engine) as connection:
        rows = connection.execute(select(Question).order_by(Question.question_id)).all()
        tags = connection.scalars(select(QuestionTag.tag).order_by(QuestionTag.question_pk)).all()
        pending = connection.execute(select(TaggingRequest.question_pk, TaggingRequest.site)).all()
    assert [row.question_id for row in rows] == [1, 2]
    assert (rows[0].title, rows[0].author_tags) == (f"Of {newer}", [f"tag-of-{newer}"])
    assert rows[0].link == "https://stats.example"
    assert f"tag-of-{newer}" in tags
    assert [tuple(row) for row in pending] == [(rows[1].id, "stats")]


def test_what_was_pending_stays_so(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(1), now=clock.now(), request_tagging=False)
    store_questions(engine, *(question(n, site="Stats") for n in (1, 2)), now=clock.now())
    assert merge_sites(engine, clock) == [MERGED]
    assert count(engine, TaggingRequest) == 2
