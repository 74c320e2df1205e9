"""What became of each question, by the database's own books: nothing that a service says counts.

Triggers write down every request and every prediction in their order, so that what was tagged twice
for one request is seen, though a table holds one prediction only.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import Engine, func, or_, select, text
from sqlalchemy.engine import Connection

from core.clock import SystemClock
from core.database.api_tables import FeedRow
from core.database.engine import reading
from core.database.tables import ModelVersion, Prediction, Question, TaggingRequest
from core.errors import DatabaseUnreachable
from core.model import registry
from core.questions.requests import request_tagging, retag
from core.questions.store import store
from tests.chaos.api import SITE, question_of, tag_of
from tests.models import word_bundle
from tests.rows import publish

T = TypeVar("T")

NUMBERED: Final = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "BIGSERIAL PRIMARY KEY"}
REQUESTED, PREDICTED = 0, 1
AUDITED: Final = {"tagging_requests": REQUESTED, "predictions": PREDICTED}
AHEAD: Final = timedelta(minutes=10)  # no wait lasts longer
STORED: Final = 1_500  # questions of the suite's own, to be tagged again and again


@dataclass(frozen=True, slots=True)
class Account:
    """What is wrong at the end of a run: numbers of questions.

    Attributes:
        questions: all that there are to account for.
        lost: the API showed them, and they are not stored.
        untagged: stored and requested, but with no prediction, or still pending.
        duplicated: tagged more often than was asked.
        parked: given up.
        wrong: tagged with something else than the text says.
    """

    questions: int
    lost: int = 0
    untagged: int = 0
    duplicated: int = 0
    parked: int = 0
    wrong: int = 0


class Ledger:
    """The suite's own look into the database, which no fault stands between.

    Args:
        engine: of a migrated database.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._clock = SystemClock()
        self._duplicated = 0  # before the books were begun anew

    def open(self) -> None:
        """Set triggers up, publish two versions, make the first live, and store questions."""
        with self.engine.begin() as connection:
            for statement in _triggers(self.engine.dialect.name):
                connection.execute(text(statement))
            now = self._clock.now()
            first = publish(connection, word_bundle(SITE), now=now)
            publish(connection, word_bundle(SITE, data_fingerprint="2"), now=now)
            registry.promote(connection, SITE, first.version, now=now, reason="hand")
            questions = [question_of(number) for number in range(1, STORED + 1)]
            store(connection, questions, now=now, request_tagging=True)

    def request_all(self) -> None:
        """Have all stored questions tagged again: what workers are busy with."""
        with self.engine.begin() as connection:
            request_tagging(connection, site=SITE, now=self._clock.now(), untagged_only=False)

    def move_live(self, *, forward: bool) -> None:
        """Promote the second version or roll it back, and have the tagged tagged again."""
        now = self._clock.now()
        with self.engine.begin() as connection:
            if forward:
                registry.promote(connection, SITE, 2, now=now, reason="hand")
            else:
                registry.rollback(connection, SITE, now=now)
            retag(connection, SITE, "pending", now=now, recent=now - now)

    @contextmanager
    def overwritten(self) -> Iterator[None]:
        """Begin the books anew, since what a restore inserts was neither requested nor tagged."""
        with reading(self.engine) as connection:
            self._duplicated += _duplicated(connection)
        yield
        with self.engine.begin() as connection:
            connection.execute(text("DELETE FROM chaos_audit"))

    def pending(self, until: datetime) -> int | None:
        """How many questions requested by a moment are pending; None while the database is away.

        Those too that were requested by a clock which is ahead.
        """
        at = TaggingRequest.requested_at
        asked = select(func.count(TaggingRequest.question_pk)).where(
            or_(at <= until, at > until + AHEAD), TaggingRequest.parked_at.is_(None)
        )
        return self._read(lambda connection: connection.execute(asked).scalar_one())

    def polled_at(self) -> datetime | None:
        """When new questions were last read; None too while the database is away."""
        last = select(FeedRow.last_success).where(FeedRow.site == SITE, FeedRow.feed == "live")
        return self._read(lambda connection: connection.execute(last).scalar())

    def missing(self, expected: Collection[int]) -> set[int] | None:
        """Those of some questions that are not stored; None while the database is away."""
        stored = select(Question.question_id).where(Question.site == SITE)
        found = self._read(lambda connection: set(connection.scalars(stored)))
        return None if found is None else set(expected) - found

    def account(self, expected: Collection[int]) -> Account:
        """Settle up: the API has shown these, and nothing is under way any more."""
        missing = self.missing(expected)
        assert missing is not None, "the database is away at the end"
        with reading(self.engine) as connection:
            return Account(
                questions=connection.execute(select(func.count(Question.id))).scalar_one(),
                lost=len(missing),
                untagged=_untagged(connection),
                duplicated=self._duplicated + _duplicated(connection),
                parked=_count(connection, "tagging_requests WHERE parked_at IS NOT NULL"),
                wrong=_wrong(connection),
            )

    def _read(self, ask: Callable[[Connection], T]) -> T | None:
        try:
            with reading(self.engine) as connection:
                return ask(connection)
        except DatabaseUnreachable:
            return None


def _triggers(dialect: str) -> list[str]:
    columns = f"number {NUMBERED[dialect]}, kind INTEGER, question_pk BIGINT"
    statements = [f"CREATE TABLE chaos_audit ({columns})"]
    for table, kind in AUDITED.items():
        insert = f"INSERT INTO chaos_audit (kind, question_pk) VALUES ({kind}, NEW.question_pk)"
        name, event = f"chaos_{table}", f"AFTER INSERT ON {table}"
        if dialect == "sqlite":
            statements.append(f"CREATE TRIGGER {name} {event} BEGIN {insert}; END")
            continue
        body = f"BEGIN {insert}; RETURN NULL; END"
        statements += [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS '{body}'",
            f"CREATE TRIGGER {name} {event} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    return statements


def _count(connection: Connection, what: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


def _untagged(connection: Connection) -> int:
    """Questions that still wait, and those without any prediction: all of the run are requested."""
    waiting = select(TaggingRequest.question_pk).where(TaggingRequest.parked_at.is_(None))
    bare = select(Question.id).where(
        Question.id.not_in(select(Prediction.question_pk)),
        Question.id.not_in(select(TaggingRequest.question_pk)),
    )
    return len(set(connection.scalars(waiting)) | set(connection.scalars(bare)))


def _duplicated(connection: Connection) -> int:
    """Questions that were tagged again though nobody had asked since they were tagged last."""
    rows = connection.execute(text("SELECT kind, question_pk FROM chaos_audit ORDER BY number"))
    last: dict[int, int] = {}
    twice: set[int] = set()
    for kind, pk in rows:
        if kind == PREDICTED == last.get(pk):
            twice.add(pk)
        last[pk] = kind
    return len(twice)


def _wrong(connection: Connection) -> int:
    """Predictions by the live version that suggest another tag than the one in the title."""
    rows = (
        select(Question.question_id, Prediction.tags, Prediction.suggested_count)
        .join(Prediction, Prediction.question_pk == Question.id)
        .join(ModelVersion, ModelVersion.id == Prediction.model_version_id)
        .where(ModelVersion.live)
    )
    found = connection.execute(rows)
    return sum(row.tags[: row.suggested_count] != [tag_of(row.question_id)] for row in found)
