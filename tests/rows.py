"""Rows that tests arrange."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.engine import Connection

from core.database.tables import ModelVersion, Prediction, Question, TaggingRequest
from core.database.views import PredictedTag
from core.model import registry
from core.model.bundle import Bundle, pack
from core.model.bundle_cache import BundleCache
from core.model.fetching import load_bundle
from core.model.live_models import LiveModels
from core.model.registry import Version
from core.model.sentences.encoders import Encoders
from core.parts.signs import write_sign
from core.questions.store import FetchedQuestion, Stored, store


def question(number: int, title: str = "About regression", **changes: object) -> FetchedQuestion:
    """A question of the site stats."""
    fields: dict[str, object] = {
        "site": "stats",
        "question_id": number,
        "title": title,
        "body": "<p>How?</p>",
        "author_tags": ("regression",),
    }
    return FetchedQuestion(**(fields | changes))  # type: ignore[arg-type]


def store_questions(
    engine: Engine, *questions: FetchedQuestion, now: datetime, request_tagging: bool = True
) -> Stored:
    with engine.begin() as connection:
        return store(connection, questions, now=now, request_tagging=request_tagging)


def publish(connection: Connection, bundle: Bundle, *, now: datetime) -> Version:
    """Pack a bundle and add it to the registry."""
    with TemporaryDirectory() as folder:
        packed = pack(bundle, Path(folder) / "bundle.zip")
        return registry.publish(connection, packed, now=now)[0]


def give_signs(engine: Engine, ago: Mapping[str, int], *, now: datetime) -> None:
    """Let each part have given its last sign so many seconds ago."""
    with engine.begin() as connection:
        for name, seconds in ago.items():
            write_sign(connection, name, now=now - timedelta(seconds=seconds))


def live_models(engine: Engine, encoder: Path | None = None) -> LiveModels:
    """Those of a process whose cache is in the test's own folder."""
    cache = BundleCache(Path.cwd() / "models", most_bytes=10**9)
    encoders = Encoders(None if encoder is None else str(encoder))
    return LiveModels(engine, cache, most_bytes=10**9, encoders=encoders)


def unpack_version(connection: Connection, version: Version) -> Bundle:
    """A version's bundle, in a folder of its own below the test's."""
    return load_bundle(connection, version, Path(mkdtemp(dir=Path.cwd())))


def publish_live(engine: Engine, bundle: Bundle, *, now: datetime) -> Version:
    with engine.begin() as connection:
        version = publish(connection, bundle, now=now)
        return registry.promote(connection, version.site, version.version, now=now, reason="hand")


def insert_prediction(
    connection: Connection,
    pk: int,
    version_id: int,
    tags: Mapping[str, float],
    *,
    suggested: Collection[str] = (),
    now: datetime,
) -> None:
    """A prediction of probabilities by tag."""
    ranked = sorted(tags, key=lambda tag: (tag not in suggested, -tags[tag], tag))
    row = {
        "question_pk": pk,
        "model_version_id": version_id,
        "predicted_at": now,
        "content_hash": "0",
        "tags": ranked,
        "probabilities": [tags[tag] for tag in ranked],
        "suggested_count": len(suggested),
    }
    connection.execute(insert(Prediction).values(row))


def replace_prediction(engine: Engine, pk: int, older: int, newer: int, *, now: datetime) -> None:
    """Have a version, which is pruned, and then another one tag a question; both are scored."""
    with engine.begin() as connection:
        insert_prediction(connection, pk, older, {"anova": 0.9}, now=now - timedelta(days=10))
        insert_prediction(connection, pk, newer, {"anova": 0.9}, now=now)
        connection.execute(update(Prediction).values(scored_at=now))
        pruned = update(ModelVersion).where(ModelVersion.id == older)
        connection.execute(pruned.values(pruned_at=now))


def predictions(engine: Engine) -> list[tuple[int, int]]:
    """(site's question id, version id) of every prediction."""
    rows = (
        select(Question.question_id, Prediction.model_version_id)
        .join(Prediction, Prediction.question_pk == Question.id)
        .order_by(Question.question_id, Prediction.model_version_id)
    )
    with engine.connect() as connection:
        return [(number, version) for number, version in connection.execute(rows)]


def suggested_tags(engine: Engine) -> dict[int, set[str]]:
    """The suggested tags by the site's question id."""
    rows = select(Question.question_id, PredictedTag.tag).join(
        PredictedTag, PredictedTag.question_pk == Question.id
    )
    found: dict[int, set[str]] = {}
    with engine.connect() as connection:
        for number, tag in connection.execute(rows.where(PredictedTag.suggested)):
            found.setdefault(number, set()).add(tag)
    return found


def row(engine: Engine, number: int) -> Question:
    """The row of a question, detached."""
    from sqlalchemy.orm import Session

    with Session(engine) as session:
        found = session.scalars(select(Question).where(Question.question_id == number)).one()
        session.expunge(found)
        return found


def find_request(engine: Engine, number: int) -> TaggingRequest | None:
    """The tagging request of a question, detached."""
    from sqlalchemy.orm import Session

    chosen = select(TaggingRequest).join(Question).where(Question.question_id == number)
    with Session(engine) as session:
        found = session.scalars(chosen).one_or_none()
        if found is not None:
            session.expunge(found)
        return found


def request_of(engine: Engine, number: int) -> TaggingRequest:
    """The tagging request of a question that has one."""
    found = find_request(engine, number)
    assert found is not None, f"tagging of {number} is not requested"
    return found
