"""A service that has run for a while: what the pages of an operator show, in rows."""

import gzip
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.engine import Connection

from core.database.api_tables import ApiClient, FeedRow
from core.database.engine import dialect_insert
from core.database.review_tables import OutgoingEvent, QueuedQuestion, Verdict
from core.database.tables import (
    Drift,
    KilledProcess,
    LiveAgreement,
    Question,
    TrainingRun,
)
from core.model import registry
from core.questions.store import store
from review.notify.webhooks import Wanted, add_webhook, set_enabled
from tests.models import word_bundle
from tests.rows import give_signs, publish, question

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def operate(
    engine: Engine, *, now: datetime, report: str = "<p>A report", site: str = "stats"
) -> int:
    """Let a filled site have run until now; return the key of a training run with a report."""
    signs = {"tagging@host": 12, "training@host": 21, "scheduler@host": 4_000}
    give_signs(engine, signs, now=now)
    with engine.begin() as connection:
        live = registry.get_live(connection, site)
        newer = publish(connection, word_bundle(site, data_fingerprint="2"), now=now)
        _agree(connection, live.id, site, now)
        _poll(connection, site, now)
        _decide(connection, site, now)
        waiting = question(1, "How long do beans soak?", site="cooking", author_tags=("beans",))
        store(connection, [waiting], now=now - HOUR, request_tagging=True)
        _tell(connection, site, live.id, now)
        killed = {"worker": "tagging@host", "at": now - HOUR, "questions": 25}
        connection.execute(insert(KilledProcess).values(killed | {"held_bytes": 612_000_000}))
        return _train(connection, site, newer.id, now, report)


def _agree(connection: Connection, version: int, site: str, now: datetime) -> None:
    for ago in range(30):
        sums = {"first_hits": 70 - ago % 7, "recall_at_5_sum": 62.0 + ago % 5}
        day = {"model_version_id": version, "site": site, "day": (now - ago * DAY).date()}
        values = day | sums | {"questions": 100, "without_suggestion": 4}
        connection.execute(insert(LiveAgreement).values(values))
    told = "precision@1 fell from .71 to .62 within the last 9 days."
    drift = {"model_version_id": version, "found_at": now - DAY, "description": told}
    connection.execute(insert(Drift).values(drift))


def _poll(connection: Connection, site: str, now: datetime) -> None:
    read = {"site": site, "fetched": 1_234, "last_success": now - HOUR}
    feeds = (
        {"feed": "live", "mark": now - HOUR},
        {"feed": "history", "complete": True},
        {"feed": "refresh", "failures": 4, "last_error": "The API answers with status 503."},
    )
    for feed in feeds:
        connection.execute(insert(FeedRow).values(read | feed))
    quota = {"client": "api.stackexchange.com", "quota_max": 10_000, "quota_remaining": 7_321}
    connection.execute(insert(ApiClient).values(quota | {"quota_at": now}))


def _decide(connection: Connection, site: str, now: datetime) -> None:
    """Verdicts of two reviewers on the oldest questions; on one in two they disagree."""
    oldest = select(Question.id).where(Question.site == site).order_by(Question.id).limit(10)
    for place, pk in enumerate(connection.scalars(oldest).all()):
        disagree = bool(place % 2)
        for reviewer in ("one", "two"):
            verdict = "rejected" if disagree and reviewer == "two" else "accepted"
            said = {"question_pk": pk, "site": site, "reviewer": reviewer, "tag": "regression"}
            connection.execute(insert(Verdict).values(said | {"verdict": verdict, "at": now}))
        queued = update(QueuedQuestion).where(QueuedQuestion.question_pk == pk)
        connection.execute(queued.values(conflicting=disagree))


def _tell(connection: Connection, site: str, version: int, now: datetime) -> None:
    """Webhooks: one that confirms, one that fails, one that is paused."""
    wants: tuple[tuple[str, Wanted], ...] = (
        ("https://bot.example/hooks/tagger", Wanted(event="suggested", site=site, tag="anova")),
        (
            "https://moderation.example/a/rather/long/address/of/a/receiver?room=retagging",
            Wanted(event="disputed", site=site, min_probability=0.8),
        ),
        ("http://127.0.0.1:9000/", Wanted(event="suggested", site=site)),
    )
    numbers = [
        add_webhook(connection, url, wanted, reviewer, now=now - DAY)[0]
        for (url, wanted), reviewer in zip(wants, ("owner", "maria", "owner"), strict=True)
    ]
    set_enabled(connection, numbers[2], enabled=False, now=now - HOUR)
    keys = connection.scalars(select(Question.id).order_by(Question.id).limit(12)).all()
    event = {"model_version_id": version, "payload": {}, "created_at": now - HOUR}
    done = event | {"next_try_at": now, "delivered_at": now - timedelta(minutes=3)}
    failed = event | {"next_try_at": now + HOUR, "attempts": 4, "error": "answered 503"}
    for place, pk in enumerate(keys):
        fate = (
            failed if place % 3 == 1 else done if place % 3 == 0 else event | {"next_try_at": now}
        )
        told = fate | {"webhook_id": numbers[place % 3], "question_pk": pk}
        connection.execute(insert(OutgoingEvent).values(told))


def _train(connection: Connection, site: str, version: int, now: datetime, report: str) -> int:
    failed = {"outcome": "failed", "error": "The candidate's bundle was refused.", "ended_at": now}
    kept = {"outcome": "published", "model_version_id": version, "questions": 4_321}
    kept |= {"decision": "kept back: not surely better than version 1", "ended_at": now}
    rows: tuple[tuple[dict[str, Any], bytes | None], ...] = (
        (failed, None),
        ({}, None),
        (kept, gzip.compress(report.encode())),
    )
    keys = [
        connection.execute(
            dialect_insert(connection, TrainingRun)
            .values(site=site, started_at=now - HOUR, report=shown, **run)
            .returning(TrainingRun.id)
        ).scalar_one()
        for run, shown in rows
    ]
    return int(keys[-1])
