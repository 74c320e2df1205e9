"""What earlier versions stored of a site under another spelling gets the API's name."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text, update

from core.database.api_tables import FeedRow, KnownSite, TagSynonym, TagWiki
from core.database.engine import make_engine, reading
from core.database.known_tags import count_uses
from core.database.review_tables import (
    BlockedTag,
    QueuedQuestion,
    ReviewAction,
    SavedFilter,
    Webhook,
)
from core.database.tables import ModelVersion, Promotion, Question, QuestionTag, Table
from core.service.counts import Counts, count_by_site
from ops.site_merge import MergedSite, merge_sites, misnamed_sites
from review.decisions.save import Asked, Decision, save
from tests.conftest import ManualClock
from tests.processes import is_waited_for, wait_until
from tests.review.rows import predict_rows
from tests.rows import question, store_questions

OLD = "Stats.StackExchange.com"


def sites_of(engine: Engine) -> dict[str, set[str]]:
    """By table, which sites it names."""
    found = {}
    with reading(engine) as connection:
        for mapper in Table.registry.mappers:
            column = getattr(mapper.class_, "site", None)
            if column is not None and mapper.class_ is not KnownSite:
                found[mapper.class_.__tablename__] = set(
                    connection.scalars(select(column).distinct())
                )
    return found


@pytest.fixture
def misnamed(engine: Engine, clock: ManualClock) -> Engine:
    """A site with all that belongs to one, under an address."""
    predict_rows(engine, {1: {"anova": 0.9}, 2: {"r": 0.8}}, now=clock.now(), site=OLD)
    made = f"https://{OLD}.stackexchange.com/questions/"
    with engine.begin() as connection:
        save(connection, Asked("ann", "a", OLD, 1, clock.now()), Decision(verdicts={"r": "added"}))
        first = update(Question).where(Question.question_id == 1)
        connection.execute(first.values(link=made + "1"))
        version = connection.scalar(select(ModelVersion.id))
        at: dict[str, Any] = {"site": OLD, "at": clock.now()}
        for table, values in (
            (Promotion, {**at, "model_version_id": version, "reason": "hand"}),
            (FeedRow, {"site": OLD, "feed": "history"}),
            (TagSynonym, {**at, "tag": "logit", "synonym_of": "glm"}),
            (TagWiki, {**at, "tag": "logit", "excerpt": "The logit model."}),
            (BlockedTag, {**at, "tag": "logit", "reviewer": "ann"}),
            (SavedFilter, {"reviewer": "ann", "name": "n", "filter": {"site": OLD, "tag": "r"}}),
        ):
            row = {"at": clock.now(), **values} if table is SavedFilter else values
            connection.execute(insert(table).values(row))
        hook: dict[str, Any] = {"url": "http://a.example", "secret": "s", "event": "suggested"}
        times = {"created_at": clock.now(), "read_to": clock.now(), "reviewer": "ann"}
        connection.execute(insert(Webhook).values(**hook, **times, filter={"site": OLD}))
    return engine


def test_all_that_is_stored_under_another_spelling_gets_the_apis_name(
    misnamed: Engine, clock: ManualClock
) -> None:
    before = sites_of(misnamed)
    with reading(misnamed) as connection:
        assert misnamed_sites(connection) == {OLD: "stats"}
    assert merge_sites(misnamed, clock) == [MergedSite(OLD, "stats", 2, 0)]
    named = {table for table, sites in before.items() if sites}
    after = sites_of(misnamed)
    assert all(after[table] == {"stats"} for table in named)
    assert {"questions", "question_tags", "review_queue", "model_versions", "feeds"} <= named
    with reading(misnamed) as connection:
        tags = connection.scalars(select(QuestionTag.tag)).all()
        assert count_uses(connection, "stats") == Counter(tags)
        assert count_by_site(connection, ["stats"], {})["stats"] == Counts(2, 2, 0)
        links = set(connection.scalars(select(Question.link)))
        filters = [
            *connection.scalars(select(SavedFilter.filter)),
            connection.scalar(select(Webhook.filter)),
        ]
        live = connection.execute(select(ModelVersion.version, ModelVersion.live)).one()
    assert "https://stats.stackexchange.com/questions/1" in links
    assert filters == [{"site": "stats", "tag": "r"}, {"site": "stats"}]
    assert tuple(live) == (1, True)
    assert merge_sites(misnamed, clock) == []


def test_the_right_sites_own_models_and_rows_stay_as_they_are(
    misnamed: Engine, clock: ManualClock
) -> None:
    predict_rows(misnamed, {3: {"r": 0.8}}, now=clock.now())
    with misnamed.begin() as connection:
        other = {"site": "stats", "at": clock.now(), "tag": "logit", "synonym_of": "probit"}
        connection.execute(insert(TagSynonym).values(other))
        own = connection.scalar(select(ModelVersion.id).where(ModelVersion.site == "stats"))
    assert merge_sites(misnamed, clock) == [MergedSite(OLD, "stats", 2, 0)]
    with reading(misnamed) as connection:
        rows = connection.execute(
            select(ModelVersion.id, ModelVersion.version, ModelVersion.live).order_by(
                ModelVersion.version
            )
        ).all()
        newest = connection.scalar(
            select(Promotion.model_version_id).order_by(Promotion.id.desc()).limit(1)
        )
        assert connection.scalar(select(TagSynonym.synonym_of)) == "probit"
        assert len(connection.scalars(select(QueuedQuestion.question_pk)).all()) == 3
        assert set(connection.scalars(select(QuestionTag.site))) == {"stats"}
        assert connection.scalar(select(ReviewAction.site)) == "stats"
    assert [(row.version, row.live) for row in rows] == [(1, True), (2, False)]
    assert rows[0].id == own == newest


def test_names_that_are_right_or_nobodys_stay(engine: Engine, clock: ManualClock) -> None:
    own = ("my-forum", "es.stackoverflow", "stackoverflow.blog")
    store_questions(engine, *(question(1, site=site) for site in own), now=clock.now())
    clock.sleep(timedelta(minutes=1).total_seconds())
    assert merge_sites(engine, clock) == []
    assert sites_of(engine)["questions"] == set(own)


def test_a_merge_waits_for_who_writes_one_of_the_questions_and_counts(
    migrated_postgres_url: str, clock: ManualClock
) -> None:
    engine = make_engine(migrated_postgres_url)
    store_questions(engine, question(1, site=OLD), question(2), now=clock.now())
    with engine.connect() as writer, ThreadPoolExecutor(1) as threads:
        writer.execute(text("SELECT id FROM questions WHERE site = 'stats' FOR UPDATE"))
        merging = threads.submit(merge_sites, engine, clock)
        wait_until(lambda: is_waited_for(engine), seconds=20, what="it waits for the writer")
        writer.execute(text("DELETE FROM tagging_requests WHERE site = 'stats'"))
        writer.commit()
        assert merging.result(30) == [MergedSite(OLD, "stats", 1, 0)]
    engine.dispose()
