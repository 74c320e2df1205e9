"""Databases and bundles of earlier versions of the program go on working."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, bindparam, func, insert, inspect, select, text

from core.database.engine import make_engine, reading
from core.database.migrate import upgrade
from core.database.review_tables import OutgoingEvent, Webhook
from core.database.tables import (
    BundlePart,
    Question,
    QuestionTag,
    TaggingRequest,
    TrainingRun,
    UtcDateTime,
)
from core.database.views import LIKELY
from core.model import registry
from core.model.bundle import inspect as inspect_bundle
from core.model.bundle_files import try_bundle
from core.model.fetching import load_bundle
from core.model.manifest import FORMAT_VERSION, READABLE_VERSIONS
from core.model.packed.members import PIECE, hash_bundle
from core.model.predictor import Model
from core.questions.verdicts import read_joint_verdicts
from review.notify.webhooks import NEVER
from tests.conftest import ManualClock
from tests.database_of_before import (
    DATA,
    REVISION,
    fill_with_database_of_before,
    migrate_to,
)
from tests.rows import live_models, predictions, question, store_questions
from worker.tagging import tag_batch

LIVE = 3  # version of the site stats
PACKED = 4_000  # bytes of a bundle of the word network, about


@pytest.fixture
def before(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """The database of before, once of each kind."""
    engine = make_engine(database_url)
    fill_with_database_of_before(engine, tmp_path)
    yield engine
    engine.dispose()


def bundle_bytes(engine: Engine) -> list[tuple[int, bytes]]:
    """(version's key, its bundle) at the revision of before."""
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT id, bundle FROM model_versions ORDER BY id"))
        return [(pk, bytes(bundle)) for pk, bundle in rows]


def test_a_database_of_before_goes_on_tagging(before: Engine, clock: ManualClock) -> None:
    assert upgrade(before)
    with reading(before) as connection:
        live = registry.get_live(connection, "stats")
        assert (live.version, live.learned_through) == (LIVE, 110)
        assert registry.get_previous(connection, "stats").version == 2
    tagged = len(predictions(before))
    stored = store_questions(before, question(1000, "ANOVA"), now=clock.now())
    assert tag_batch(before, live_models(before), "stats", stored.requested, clock).tagged == 1
    assert len(predictions(before)) == tagged + 1


def test_what_was_recorded_up_to_a_made_up_post_is_worked_out_anew(before: Engine) -> None:
    migrate_to(before, "0012")
    with before.begin() as connection:
        connection.execute(text("UPDATE model_versions SET learned_through = 1000000001"))
        connection.execute(text("UPDATE training_runs SET newest_question_id = 1000000001"))
        connection.execute(text("UPDATE questions SET question_id = 1000000001 WHERE id = 1"))
        rows = "SELECT count(*), max(id) FROM questions WHERE site = 'stats' AND id > 1"
        questions, last = connection.execute(text(rows)).one()
        assert questions > 1
    upgrade(before)
    with reading(before) as connection:
        live = registry.get_live(connection, "stats")
        states = connection.execute(select(Question.state).where(Question.id == 1)).scalars()
        assert list(states) == ["deleted"]
        runs = connection.execute(select(TrainingRun.seen_until, TrainingRun.started_at)).all()
    assert live.learned_row is None or live.learned_row <= last
    assert runs
    assert all(seen == started for seen, started in runs)


def test_questions_that_are_gone_are_no_longer_requested(before: Engine) -> None:
    migrate_to(before, "0015")
    gone = "SELECT min(question_pk) FROM tagging_requests"
    with before.begin() as connection:
        connection.execute(text(f"UPDATE questions SET state = 'migrated' WHERE id = ({gone})"))
        count = connection.execute(select(func.count(TaggingRequest.question_pk))).scalar_one()
    upgrade(before)
    with reading(before) as connection:
        assert connection.scalar(select(func.count()).select_from(TaggingRequest)) == count - 1


def test_bundles_are_moved_into_parts_and_back(before: Engine) -> None:
    bundles = bundle_bytes(before)
    assert [len(data) > 0 for _, data in bundles] == [False, True, True, True]  # one is pruned
    upgrade(before)
    with reading(before) as connection:
        columns = {column["name"] for column in inspect(connection).get_columns("model_versions")}
        sizes = [version.size for version in registry.list_versions(connection)]
        parts = connection.execute(select(func.count()).select_from(BundlePart)).scalar()
    assert "bundle" not in columns
    assert sorted(sizes) == sorted(len(data) for _, data in bundles)
    assert parts == len([data for _, data in bundles if data])
    migrate_to(before, REVISION)
    assert bundle_bytes(before) == bundles


def test_a_bundle_of_many_parts_comes_back_whole(before: Engine) -> None:
    large = bytes(range(256)) * (3 * PIECE // 256) + b"the last part is shorter"
    with before.begin() as connection:
        made = {"bundle": large}
        connection.execute(text("UPDATE model_versions SET bundle = :bundle WHERE id = 2"), made)
    upgrade(before)
    migrate_to(before, REVISION)
    assert dict(bundle_bytes(before))[2] == large


def test_the_newest_format_is_one_of_those_that_are_read() -> None:
    assert max(READABLE_VERSIONS) == FORMAT_VERSION


@pytest.mark.parametrize("format_version", READABLE_VERSIONS)
def test_a_bundle_file_of_every_format_is_taken_in(
    engine: Engine, clock: ManualClock, tmp_path: Path, format_version: int
) -> None:
    """Each file is of the program of then: who makes a format adds a file of it."""
    packed = inspect_bundle(DATA / f"format_{format_version}.bundle.zip", site="stats")
    assert packed.manifest.format_version == format_version
    try_bundle(packed.path)
    with packed.path.open("rb") as file:
        assert hash_bundle(file).hexdigest() == packed.sha256
    with engine.begin() as connection:
        version, new = registry.publish(connection, packed, now=clock.now())
        bundle = load_bundle(connection, version, tmp_path)
    assert new
    model = Model(bundle, encoders=None)  # nor does a newer one need an encoder for that
    (row,) = model.rank(model.probabilities([model.words("About anova", "")]))
    assert (row[0].tag, row[0].suggested) == ("anova", True)


def test_verdicts_of_before_keep_their_meaning_and_go_back(before: Engine) -> None:
    key = "SELECT id FROM questions ORDER BY id LIMIT 2"
    at = "2026-01-01 00:00:00"
    with before.begin() as connection:
        connection.execute(text("DELETE FROM verdicts"))
        connection.execute(text("DELETE FROM reviews"))
        first, second = connection.execute(text(key)).scalars()
        said = [(first, "anova", "accepted"), (first, "r", "rejected"), (second, "z", "added")]
        for pk, tag, verdict in said:
            row = {"pk": pk, "tag": tag, "verdict": verdict, "at": at}
            connection.execute(
                text("INSERT INTO verdicts VALUES (:pk, :tag, :verdict, 'ann', :at)"), row
            )
        connection.execute(
            text("INSERT INTO reviews VALUES (:pk, 'ann', :at)"), {"pk": first, "at": at}
        )
    upgrade(before)
    with reading(before) as connection:
        joint = read_joint_verdicts(connection, "stats")
        queued = "SELECT reviews, conflicting FROM review_queue WHERE question_pk = :pk"
        counted = [tuple(row) for row in connection.execute(text(queued), {"pk": first})]
        outcome = connection.execute(text("SELECT outcome FROM reviews")).scalars().all()
    assert joint == {first: {"anova": "accepted", "r": "rejected"}, second: {"z": "added"}}
    assert counted in ([], [(1, 0)])  # of a question that has a prediction
    assert outcome == ["saved"]
    with before.begin() as connection:  # what only the later tables can say
        connection.execute(
            text(
                "INSERT INTO verdicts (question_pk, site, reviewer, tag, verdict, settles, at) "
                "VALUES (:pk, 'stats', 'bob', 'r', 'added', TRUE, :at)"
            ),
            {"pk": first, "at": at},
        )
    migrate_to(before, REVISION)
    with reading(before) as connection:
        rows = "SELECT question_pk, tag, verdict, reviewer FROM verdicts ORDER BY tag"
        found = [tuple(row) for row in connection.execute(text(rows))]
    assert found == [
        (first, "anova", "accepted", "ann"),
        (first, "r", "added", "bob"),  # it settled what they disagreed on
        (second, "z", "added", "ann"),
    ]


def test_author_tags_of_before_are_found(before: Engine) -> None:
    upgrade(before)
    with reading(before) as connection:
        rows = connection.execute(select(Question.id, Question.author_tags)).all()
        tags = connection.execute(select(QuestionTag.question_pk, QuestionTag.tag)).all()
    assert {tuple(tag) for tag in tags} == {(pk, tag) for pk, given in rows for tag in given}
    assert tags


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


# A question of revision 0009 in each state: not requested, pending, enqueued, failed, parked.
STATES: list[dict[str, object]] = [
    {"wanted": None, "enqueued": None, "tries": 0, "error": None, "parked": None},
    {"wanted": day(2), "enqueued": None, "tries": 0, "error": None, "parked": None},
    {"wanted": day(3), "enqueued": day(4), "tries": 0, "error": None, "parked": None},
    {"wanted": day(5), "enqueued": day(6), "tries": 2, "error": "bad text", "parked": None},
    {"wanted": day(7), "enqueued": day(8), "tries": 3, "error": "bad text", "parked": day(9)},
]
MARK = text(
    "UPDATE questions SET wanted_at = :wanted, enqueued_at = :enqueued, attempts = :tries, "
    "error = :error, parked_at = :parked WHERE id = :pk"
).bindparams(*(bindparam(name, type_=UtcDateTime) for name in ("wanted", "enqueued", "parked")))
MARKS = text(
    "SELECT id, wanted_at, enqueued_at, attempts, error, parked_at FROM questions ORDER BY id"
)


def test_tagging_requests_are_moved_out_of_questions_and_back(before: Engine) -> None:
    migrate_to(before, "0009")
    with before.begin() as connection:
        pks = connection.execute(text("SELECT id FROM questions ORDER BY id LIMIT 5")).scalars()
        connection.execute(
            MARK, [state | {"pk": pk} for state, pk in zip(STATES, pks, strict=True)]
        )
        marks = connection.execute(MARKS).all()
    upgrade(before)
    columns = (
        TaggingRequest.requested_at,
        TaggingRequest.enqueued_at,
        TaggingRequest.attempts,
        TaggingRequest.error,
        TaggingRequest.parked_at,
    )
    of_question = TaggingRequest.question_pk == Question.id
    moved = select(*columns).join(Question, of_question & (TaggingRequest.site == Question.site))
    with reading(before) as connection:
        found = connection.execute(moved.order_by(Question.id)).all()
    assert [tuple(row) for row in found[:4]] == [tuple(state.values()) for state in STATES[1:]]
    assert len(found) == sum(mark.wanted_at is not None for mark in marks)
    migrate_to(before, "0009")
    with reading(before) as connection:
        assert connection.execute(MARKS).all() == marks


# As revision 0010 has it: without a count of refusals and a time of failure.
EVENT = text(
    "INSERT INTO outgoing_events (webhook_id, question_pk, model_version_id, payload, created_at, "
    "next_try_at, attempts, delivered_at) "
    "VALUES (:webhook, :pk, 1, '{}', :created, :next_try, 0, :delivered)"
).bindparams(*(bindparam(name, type_=UtcDateTime) for name in ("created", "next_try", "delivered")))


def test_events_that_failed_before_are_kept_a_month_from_now(before: Engine) -> None:
    migrate_to(before, "0010")
    with before.begin() as connection:
        add = insert(Webhook).values(
            url="http://127.0.0.1:9/", secret="0", event="suggested", filter={},
            reviewer="owner", created_at=day(1), read_to=day(1),
        )  # fmt: skip
        webhook = connection.execute(add.returning(Webhook.id)).scalar_one()
        pks = connection.execute(select(Question.id).order_by(Question.id).limit(3)).scalars()
        moments = ((NEVER, None), (day(2), None), (NEVER, day(3)))
        for pk, (next_try, delivered) in zip(pks, moments, strict=True):
            moment = {"next_try": next_try, "delivered": delivered, "created": day(1)}
            connection.execute(EVENT, moment | {"webhook": webhook, "pk": pk})
    upgrade(before)
    with reading(before) as connection:
        rows = select(OutgoingEvent.failed_at).order_by(OutgoingEvent.id)
        failed, waiting, delivered = connection.execute(rows).scalars()
    assert failed is not None
    assert failed > day(3)
    assert waiting is delivered is None
    migrate_to(before, "0010")


# The views that people query, and what the rows of tags were before: the same columns.
ROWS = "SELECT question_pk, model_version_id, tag, probability, suggested FROM predicted_tags"
SUGGESTIONS = (
    "SELECT site, question_id, link, title, tag, probability, suggested, verdict, model_version, "
    "predicted_at FROM tag_suggestions"
)


def rows_of(engine: Engine, statement: str) -> list[tuple[object, ...]]:
    """Sorted, numbers to twelve digits: not all that SQLite writes of one comes back."""
    with reading(engine) as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    return sorted((tuple(map(_rounded, row)) for row in found), key=repr)


def _rounded(value: object) -> object:
    return round(value, 12) if isinstance(value, float) else value


def test_tags_are_moved_into_arrays_and_back_and_views_answer_alike(before: Engine) -> None:
    migrate_to(before, "0013")
    with before.begin() as connection:  # one without tags, one with a tag that is hardly likely
        connection.execute(text("DELETE FROM predicted_tags WHERE question_pk = 1"))
        last = "question_pk = (SELECT max(question_pk) FROM predicted_tags)"
        changed = f"UPDATE predicted_tags SET probability = 0.05, suggested = false WHERE {last}"
        connection.execute(text(changed))
    tags, suggestions = rows_of(before, ROWS), rows_of(before, SUGGESTIONS)
    made = rows_of(before, "SELECT * FROM predictions")
    assert len(tags) > 50
    upgrade(before)
    assert rows_of(before, ROWS) == tags
    assert rows_of(before, SUGGESTIONS) == suggestions
    by_tag = "SELECT question_id, tag, probability, verdict, model_version FROM suggestions_by_tag"
    same = "SELECT question_id, tag, probability, verdict, model_version FROM tag_suggestions"
    assert rows_of(before, by_tag) == rows_of(before, f"{same} WHERE suggested")
    likely = "SELECT question_pk, model_version_id, tag FROM likely_tags"
    found = [row[:3] for row in tags if row[4] or float(str(row[3])) >= LIKELY]
    assert rows_of(before, likely) == found
    assert 0 < len(found) < len(tags)
    migrate_to(before, "0013")
    assert rows_of(before, ROWS) == tags
    assert rows_of(before, SUGGESTIONS) == suggestions
    assert rows_of(before, "SELECT * FROM predictions") == made
