from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.engine import Connection

from core.database.review_tables import BlockedTag, QueuedQuestion, Review, Verdict
from core.database.tables import QuestionTag
from core.questions.review_queue import enter_queue, recount
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import live_models, publish_live, question, row, store_questions
from worker.tagging import tag_batch


def enter(connection: Connection, pk: int, version: int, at: datetime) -> None:
    enter_queue(connection, [pk], model_version_id=version, predicted_at=at)


def queued(engine: Engine) -> list[tuple[object, ...]]:
    """(version, uncertainty, label quality, reviews, conflicting) of each row, by key."""
    columns = QueuedQuestion.__table__.c
    chosen = select(
        columns.model_version_id,
        columns.uncertainty,
        columns.label_quality,
        columns.reviews,
        columns.conflicting,
    )
    with engine.connect() as connection:
        rows = connection.execute(chosen.order_by(columns.question_pk))
        return [tuple(found) for found in rows]


def score(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(QueuedQuestion).values(uncertainty=0.5, label_quality=0.25))


def say(engine: Engine, pk: int, reviewer: str, verdict: str, at: datetime) -> None:
    with engine.begin() as connection:
        values = {"question_pk": pk, "reviewer": reviewer, "at": at}
        connection.execute(
            insert(Verdict).values(**values, site="stats", tag="anova", verdict=verdict)
        )
        connection.execute(insert(Review).values(**values))


def test_a_worker_enters_what_it_tags(engine: Engine, clock: ManualClock) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(engine, question(1, "ANOVA"), question(2), now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    assert queued(engine) == [(version.id, None, None, 0, False)] * 2


def test_a_newer_prediction_is_scored_again_and_an_older_one_changes_nothing(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(1), now=clock.now())
    pk, earlier = row(engine, 1).id, clock.now() - timedelta(days=1)
    with engine.begin() as connection:
        enter(connection, pk, 1, clock.now())
    score(engine)
    with engine.begin() as connection:
        enter(connection, pk, 7, earlier)
    assert queued(engine) == [(1, 0.5, 0.25, 0, False)]
    with engine.begin() as connection:
        enter(connection, pk, 2, clock.now())
    assert queued(engine) == [(2, None, None, 0, False)]


def test_a_question_that_was_reviewed_before_it_was_tagged_enters_so(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(1), now=clock.now())
    pk = row(engine, 1).id
    say(engine, pk, "ann", "accepted", clock.now())
    say(engine, pk, "bob", "rejected", clock.now())
    with engine.begin() as connection:
        enter(connection, pk, 1, clock.now())
    assert queued(engine) == [(1, None, None, 2, True)]


def test_reviews_and_conflicts_are_counted_from_what_was_said(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(1), question(2), now=clock.now())
    pks = [row(engine, 1).id, row(engine, 2).id]
    with engine.begin() as connection:
        for pk in pks:
            enter(connection, pk, 1, clock.now())
    say(engine, pks[0], "ann", "accepted", clock.now())
    say(engine, pks[0], "bob", "added", clock.now())  # of one mind
    say(engine, pks[1], "ann", "rejected", clock.now())
    say(engine, pks[1], "bob", "added", clock.now())
    with engine.begin() as connection:
        recount(connection, pks)
    assert [found[3:] for found in queued(engine)] == [(2, False), (2, True)]
    with engine.begin() as connection:
        settled = update(Verdict).where(Verdict.reviewer == "bob").values(settles=True)
        connection.execute(settled)
        recount(connection, pks)
    assert [found[3:] for found in queued(engine)] == [(2, False), (2, False)]


def test_other_author_tags_are_found_and_scored_again(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(1), question(2, author_tags=("b", "a")), now=clock.now())
    pks = [row(engine, number).id for number in (1, 2)]
    with engine.begin() as connection:
        for pk in pks:
            enter(connection, pk, 1, clock.now())
    score(engine)
    changed = question(1, author_tags=("anova", "r"))
    store_questions(engine, changed, question(2, author_tags=("a", "b")), now=clock.now())
    assert [found[1] for found in queued(engine)] == [None, 0.5]
    with engine.connect() as connection:
        tags = select(QuestionTag.question_pk, QuestionTag.tag).order_by(
            QuestionTag.question_pk, QuestionTag.tag
        )
        found = [tuple(tag) for tag in connection.execute(tags)]
    first, second = pks
    assert found == [(first, "anova"), (first, "r"), (second, "a"), (second, "b")]


def test_a_blocked_tag_is_suggested_by_no_worker_and_shown_by_no_view(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    models, suggested = live_models(engine), "SELECT count(*) FROM {} WHERE suggested"
    stored = store_questions(engine, question(1, "ANOVA"), now=clock.now())
    tag_batch(engine, models, "stats", stored.requested, clock)
    with engine.begin() as connection:
        assert connection.execute(text(suggested.format("tag_suggestions"))).scalar() == 1
        blocked = {"site": "stats", "tag": "anova", "reviewer": "ann", "at": clock.now()}
        connection.execute(insert(BlockedTag).values(blocked))
        assert connection.execute(text(suggested.format("tag_suggestions"))).scalar() == 0
    stored = store_questions(engine, question(2, "ANOVA"), now=clock.now())
    tag_batch(engine, models, "stats", stored.requested, clock)
    with engine.connect() as connection:
        assert connection.execute(text(suggested.format("predicted_tags"))).scalar() == 1
